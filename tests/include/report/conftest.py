"""A finished lake that most tests of the report look at."""

from __future__ import annotations

import pytest

from spark_jobs.shared.lake import Lake
from tests.include.report.finished import finish, listens

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def finished_lake(lake: Lake) -> Lake:
    """One session of two listeners each, with names that are not plain text."""
    played = listens(
        ("u", "12:00:00", '"Weird Al"', SCRIPT),
        ("u", "12:03:00", '"Weird Al"', SCRIPT),
        ("u", "12:06:00", "坂本龍一", "a\rb"),
        ("v", "18:00:00", '"Weird Al"', SCRIPT),
    )
    finish(lake, played)
    return lake
