"""Is there anything to read, and anywhere to write? Answered in seconds, before any Spark starts."""

from __future__ import annotations

import glob
import os
import re
import uuid
from datetime import date
from pathlib import Path
from typing import Any

from spark_jobs.shared.lake import Lake
from spark_jobs.shared.partitioning import text_bytes


class InputError(ValueError):
    """The input or the lake is not usable; trying again changes nothing."""


def check_input(
    input_path: str, input_root: Path, lake: Lake, run_date: date, may_be_empty: bool = False
) -> dict[str, Any]:
    """Return `input_path` as Spark should read it, and the `files`, `bytes` and about `text_bytes` found there.

    A relative path starts at `input_root`; every file must lie below it, links resolved. A day that adds nothing
    `may_be_empty`, but its file must be there: one that is missing may be late.
    Raises InputError when there is no file, no byte, a file elsewhere, a name with a colon, or no place to write.
    """
    check_lake(lake)
    pattern = _pattern(input_path, input_root, run_date)
    files = _usable_files("input_path", pattern, input_root)
    sizes = [(file.name, file.stat().st_size) for file in files]
    size = sum(size for _, size in sizes)
    if size == 0 and not may_be_empty:
        raise InputError(f"{len(files)} file(s) at {pattern}, all of them empty; check what writes the log")
    return {"input_path": _spark_path(pattern), "files": len(files), "bytes": size, "text_bytes": text_bytes(sizes)}


def check_profiles(profiles_path: str | None, input_root: Path, run_date: date) -> dict[str, str]:
    """Return `profiles`, the path as Spark should read it, and `profiles_problem`; both empty where no path is given.

    The path obeys the same rules as the input's. What it breaks is the problem, a sentence, and never an error: a run
    without profiles answers all the same.
    """
    if not profiles_path:
        return {"profiles": "", "profiles_problem": ""}
    pattern = _pattern(profiles_path, input_root, run_date)
    try:
        _usable_files("profiles_path", pattern, input_root)
    except InputError as error:
        return {"profiles": pattern, "profiles_problem": str(error)}
    return {"profiles": _spark_path(pattern), "profiles_problem": ""}


def _pattern(path: str, input_root: Path, run_date: date) -> str:
    # Hadoop takes `..` off the text, Python follows the link before it: so there is none when they look. And of two
    # slashes in front Hadoop takes the next name for a machine's.
    where = os.path.normpath(input_root / path.replace("{run_date}", str(run_date)))
    return re.sub("^/+", "/", where)


def _usable_files(parameter: str, pattern: str, input_root: Path) -> list[Path]:
    """The files a parameter names, at least one; raises InputError when one of them may not or cannot be read."""
    try:
        files = _files(pattern)
    except OSError as error:
        raise InputError(
            f"{error.filename} cannot be read ({error.strerror}); let the user that runs Airflow"
        ) from None
    if not files:
        raise InputError(f"no file at {pattern}; check {parameter}, and that the file has arrived")
    outside = [file for file in files if not file.resolve().is_relative_to(input_root.resolve())]
    if outside:
        raise InputError(
            f"{outside[0].resolve()} is outside {input_root.resolve()}, the only place runs may read from; "
            "move it there, or have the deployment change LASTFM_INPUT_ROOT"
        )
    colons = _with_colons(pattern, files)
    if colons:
        raise InputError(
            f"{colons[0]} has a ':' in its name, which Spark cannot read, nor match a pattern beside it; rename it"
        )
    closed = [file for file in files if not os.access(file, os.R_OK)]
    if closed:
        raise InputError(f"{closed[0]} may not be read by the user that runs Airflow; change its mode or owner")
    return files


def check_lake(lake: Lake) -> None:
    """Raise InputError unless a file can be written to the lake."""
    pattern = re.search(r"[\\*?\[\]{}]", lake.root)
    if pattern:
        raise InputError(
            f"the lake {lake.root} has a {pattern[0]!r} in its path, which Spark takes for a pattern; "
            "choose another place"
        )
    probe = Path(lake.staging(f"probe-{uuid.uuid4().hex}"))
    try:
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise InputError(
            f"the lake {lake.root} cannot be written ({error.strerror}); "
            "create it for the user that runs Airflow, or choose a directory that user owns: "
            "LAKE for make, LASTFM_LAKE for Airflow"
        ) from error


def _files(pattern: str) -> list[Path]:
    """The files Spark would read: a directory stands for what is in it, hidden names (`_`, `.`) for nothing."""
    found = [Path(pattern)] if Path(pattern).exists() else [Path(match) for match in sorted(glob.glob(pattern))]
    files = [file for path in found for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    return [file for file in files if file.is_file() and file.name[0] not in "_."]


def _with_colons(pattern: str, files: list[Path]) -> list[Path]:
    """The names on which Hadoop fails (URISyntaxException): of files, and for a glob of all that it looks at."""
    found = [file for file in files if ":" in file.name]
    if Path(pattern).exists():
        return found
    parts = Path(pattern).parts
    # In turn for `logs`, `logs/*` and `logs/*/2009-*.tsv`: each part as it stands, or all names beside what it matches.
    looked_at = [Path(*parts[:n], "*:*" if glob.has_magic(part) else part) for n, part in enumerate(parts)]
    names = [Path(name) for path in looked_at for name in glob.glob(str(path), include_hidden=True)]
    return [*found, *(name for name in names if ":" in name.name)]


def _spark_path(pattern: str) -> str:
    """Where the path exists as it stands, its stars and brackets are letters, and Spark must be told so."""
    return re.sub(r"([\\*?\[\]{}])", r"\\\1", pattern) if Path(pattern).exists() else pattern
