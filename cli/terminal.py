"""The terminal shows text as it is, short paths, and the last error of a long log."""

from __future__ import annotations

import errno
import re
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from io import TextIOWrapper
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from upath import UPath

# A letter is shown by its code if the terminal's encoding lacks it. So is a stray byte in a file's name.
if isinstance(sys.stdout, TextIOWrapper):
    sys.stdout.reconfigure(errors="backslashreplace")
# A pipe has no width: this is one at which a table's names seldom wrap. Spinners are for terminals alone, even with
# FORCE_COLOR: in a file each of their pictures would be a line.
_IS_TERMINAL = sys.stdout is not None and sys.stdout.isatty()
console = Console(
    highlight=False,
    soft_wrap=True,
    width=None if _IS_TERMINAL else 120,
    force_interactive=None if _IS_TERMINAL else False,
)
# Errors go beside an answer that somebody may pipe.
errors = Console(stderr=True, highlight=False, soft_wrap=True)
SPINNER = "dots" if console.encoding.startswith("utf") else "line"

# They would move the cursor, clear the screen, or worse: a song may be called anything.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"}
# The last line of a traceback; the first word may be the name of a module and class.
_ERROR = re.compile(r"^[\w.]+(?:Exception|Error): (.+)")


def plain(text: str) -> str:
    """Return text that the console shows as it is, brackets and all, and control characters by their codes."""
    return escape(text.translate(_CONTROLS))


def waiting(text: str) -> AbstractContextManager[object]:
    """Show on a terminal, while a block lasts, what is waited for."""
    return console.status(text, spinner=SPINNER) if console.is_interactive else nullcontext()


def short(path: Path | UPath) -> str:
    """Name a path from the working directory where it is below that."""
    if not isinstance(path, Path):
        return str(path)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def sentence(error: Exception) -> str:
    """Return what an error says; of a file that may not be written, what to do too."""
    if not isinstance(error, OSError) or error.filename is None:
        return str(error)
    said = f"{error.filename}: {error.strerror}"
    if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
        return said
    places = "--lake, --env, --data or --output, PIPELINE_AIRFLOW_HOME in the environment"
    return f"{said}; clone the project into a directory of your own, or name one that you may write to: {places}"


def show_left_aside(names: Sequence[str]) -> None:
    """Say in a line, if there are any, which settings of another Airflow do not hold here."""
    if names:
        console.print(f"Left aside, as settings of another Airflow: {plain(', '.join(names))}")


def last_error(log: Path) -> str:
    """Return what the last error in a log said."""
    errors = [
        match[1] for match in map(_ERROR.match, log.read_text(encoding="utf-8", errors="replace").splitlines()) if match
    ]
    return errors[-1] if errors else "no error was logged"
