"""The stages' records: JSON documents of the lake, which are there whole or not at all.

A stage's record is that of its last try. A published run has documents of its own, which no later try replaces.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from upath import UPath

from spark_jobs.shared.errors import MissingRecordError, OtherRecordError
from spark_jobs.shared.lake import Lake

# The stages that write tables.
DATA_QUALITY, SESSION_ANALYSIS, RANKING = "data_quality", "session_analysis", "ranking"


def read_record(lake: Lake, stage: str, run_date: date) -> dict[str, Any]:
    """Return the record of a stage's last try; raises MissingRecordError if there is none."""
    return _read(lake.stage_record(stage, run_date), f"run {stage} for {run_date} first")


def read_record_of(lake: Lake, stage: str, run_date: date, snapshots: Mapping[str, int | None]) -> dict[str, Any]:
    """Return the record of a stage's last try, if that was about these snapshots; None stands for any.

    Raises MissingRecordError if there is none, OtherRecordError if it was about other snapshots of the same tables.
    """
    record = read_record(lake, stage, run_date)
    other = {name: made for name, made in record["snapshots"].items() if snapshots.get(name) not in (None, made)}
    if other:
        found = ", ".join(f"{made} of {name}, not of {snapshots[name]}" for name, made in other.items())
        raise OtherRecordError(
            f"the record of {stage} for {run_date} tells of the snapshot {found}; run {stage} for {run_date} again, "
            "and what is after it"
        )
    return record


def read_publication(lake: Lake, run_date: date, snapshots: Mapping[str, int]) -> dict[str, Any]:
    """Return what a published run has left: its `run_id`, `decision`, `records` by stage, and Spark's counts.

    Of its `snapshots` that of the answer must be among them. Raises MissingRecordError or OtherRecordError.
    """
    path = lake.publication(run_date, snapshots[lake.answer])
    found = _read(path, f"publish {run_date} again")
    if any(found["snapshots"].get(name) != snapshot for name, snapshot in snapshots.items()):
        raise OtherRecordError(f"{path} tells of other snapshots than those that are published; run {run_date} again")
    return found


def read_published_record(lake: Lake, stage: str, run_date: date, snapshots: Mapping[str, int]) -> dict[str, Any]:
    """Return a stage's record of the run that is published with these snapshots; later tries do not change it."""
    return read_publication(lake, run_date, snapshots)["records"][stage]


def write_record(path: UPath | str, record: dict[str, Any]) -> None:
    """Keep what a stage did, in place of what is there."""
    replace_file(UPath(path), json.dumps(record, indent=2, ensure_ascii=False))


def replace_file(path: Path | UPath, text: str) -> None:
    """Write a file so that a reader finds the old one or the new one, never a part."""
    replace_files(path.parent, {path.name: text})


def replace_files(directory: Path | UPath, texts: Mapping[str, str]) -> None:
    """Write files by their names, all or none: while the last one is there, they are all of one call.

    An object is whole by itself; but where the store is lost between two of them, the last one is not there.
    """
    last = directory / list(texts)[-1]
    if not isinstance(directory, Path):
        if len(texts) > 1:
            last.unlink(missing_ok=True)
        for name, text in texts.items():
            (directory / name).write_bytes(text.encode())
        return
    directory.mkdir(parents=True, exist_ok=True)
    staged = {name: directory / f".{name}.{uuid.uuid4().hex}" for name in texts}
    try:
        for name, text in texts.items():
            staged[name].write_bytes(text.encode())
        if len(texts) > 1:
            last.unlink(missing_ok=True)
        for name, file in staged.items():
            file.replace(directory / name)
    finally:
        for file in staged.values():
            file.unlink(missing_ok=True)


def remove_other_publications(lake: Lake, run_date: date, answer: int) -> None:
    """Remove what other runs left that were published for this date, or nearly."""
    ours = lake.publication(run_date, answer)
    for path in ours.parent.iterdir():
        if path != ours:
            path.unlink(missing_ok=True)


def _read(path: UPath, what_to_do: str) -> dict[str, Any]:
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise MissingRecordError(f"{path} does not exist; {what_to_do}") from None
