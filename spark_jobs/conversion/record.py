"""What conversion tells: the record of the answers of `shop`."""

from __future__ import annotations

from typing import Literal

from spark_jobs.shared.records import Parameters, StageRecord

CONVERSION = "conversion"


class ConversionParameters(Parameters):
    """What conversion was told."""

    session_gap_minutes: int


class ConversionRecord(StageRecord):
    """How many rows the answers have."""

    stage: Literal["conversion"] = "conversion"
    parameters: ConversionParameters
    sessions: int
    days: int
    products: int
    customers: int


RECORD = ConversionRecord
