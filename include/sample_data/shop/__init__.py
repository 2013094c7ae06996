"""A sample log of an online shop."""

from __future__ import annotations

from datetime import date
from pathlib import Path


def write_sample(log: Path, last_day: date) -> None:
    """Write 4,000 events of 60 users in the two weeks up to a day, with a record for every reason and warning."""
    from include.sample_data.shop import generate_log

    size = ("--events", "4000", "--users", "60", "--days", "14", "--odd-records")
    generate_log.main([str(log), *size, "--last-day", str(last_day)])
