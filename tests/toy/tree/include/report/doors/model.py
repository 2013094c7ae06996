"""What the report of `doors` says beside what every report says."""

from __future__ import annotations

from include.report.model import RunReport
from spark_jobs.shared.records import Document


class DoorCount(Document):
    """How often a door was opened."""

    door: str
    passages: int


class DoorsReport(RunReport):
    """The report of `doors`: the doors by name."""

    door_counts: tuple[DoorCount, ...]


REPORT = DoorsReport
