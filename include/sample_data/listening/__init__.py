"""A sample log of listens, in the form of LastFM-1K."""

from __future__ import annotations

from datetime import date
from pathlib import Path


def write_sample(log: Path, last_day: date) -> None:
    """Write 3,000 listens of 12 users and some odd lines, up to an hour before the end of a day (UTC)."""
    from include.sample_data.listening import generate_log

    size = ("--listens", "3000", "--users", "12", "--odd-lines")
    generate_log.main([str(log), *size, "--newest", f"{last_day}T23:00:00Z"])
