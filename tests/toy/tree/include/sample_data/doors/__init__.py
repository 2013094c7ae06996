"""A sample log of doors."""

from __future__ import annotations

from datetime import date
from pathlib import Path


def write_sample(log: Path, last_day: date) -> None:
    """Write some passages of two people on a day, and a line that is rejected."""
    passages = [f"{last_day}T12:{minute:02d}:00.000Z\tann\tFRONT" for minute in range(0, 40, 2)]
    others = [f"{last_day}T13:00:00.000Z\tben\tBACK", f"{last_day}T13:01:00.000Z\t\tBACK"]
    log.write_text("".join(f"{line}\n" for line in (*passages, *others)), encoding="utf-8")
