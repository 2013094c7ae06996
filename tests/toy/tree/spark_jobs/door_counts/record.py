"""What the answers of a log of doors tell."""

from __future__ import annotations

from typing import Literal

from spark_jobs.shared.records import StageRecord


class DoorCountsRecord(StageRecord):
    """How many doors were opened."""

    stage: Literal["door_counts"] = "door_counts"
    doors: int


RECORD = DoorCountsRecord
