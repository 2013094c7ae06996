"""A sample log of a note-taking app."""

from __future__ import annotations

from datetime import date
from pathlib import Path


def write_sample(log: Path, last_day: date) -> None:
    """Write 6,000 interactions of 80 users in the ten weeks up to a day, with a record for every reason and warning.

    The weeks are fewer where they would begin before the first plausible day.
    """
    from include.sample_data.notes import generate_log, shape

    days = min(70, (last_day - shape.EARLIEST).days + 1)
    size = ("--interactions", "6000", "--users", "80", "--days", str(days), "--odd-records")
    generate_log.main([str(log), *size, "--last-day", str(last_day)])
