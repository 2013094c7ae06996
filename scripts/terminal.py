"""What a person at the terminal sees: text as it is, short paths, and the last error of a long log."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape

# A pipe has no width: one at which a table's names seldom wrap.
console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 120)

# They would move the cursor, clear the screen, or worse: a song may be called anything.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"}
# The last line of a traceback; the first word may be the name of a module and class.
_ERROR = re.compile(r"^[\w.]+(?:Exception|Error): (.+)")


def plain(text: str) -> str:
    """Return text that the console shows as it is, brackets and all, and control characters by their codes."""
    return escape(text.translate(_CONTROLS))


def short(path: Path) -> str:
    """Name a path from the working directory where it is below that."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def last_error(log: Path) -> str:
    """Return what the last error in a log said."""
    errors = [match[1] for match in map(_ERROR.match, log.read_text(errors="replace").splitlines()) if match]
    return errors[-1] if errors else "no error was logged"
