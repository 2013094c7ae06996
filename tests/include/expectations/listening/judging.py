"""The tests of suites and checkpoints share a run date, limits, and a function that lists failed expectations."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
from great_expectations import ExpectationSuite
from pyspark.sql import DataFrame

from include.deployment.log_settings import log_settings
from include.expectations.checkpoint import failures, validate
from include.expectations.table import Table
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.shared.records import DataQualityRecord
from tests.records import told

RUN_DATE = date(2009, 5, 4)
# Users of tests have short names.
LIMITS = log_settings(LISTENING)(user_id_pattern="^[uv]$", maximum_name_length=10)
MINIMUM, MAXIMUM = "expect_column_min_to_be_between", "expect_column_max_to_be_between"


def judged(read: int = 20, accepted: int = 19, rejected: int = 1, load: str = "full") -> DataQualityRecord:
    """The record of data_quality on a log of 19 listens: as many are accepted as a score of 95 must have."""
    counts = {"records_read": read, "events_accepted": accepted, "records_rejected": rejected}
    parts = {"counts": counts, "log": {"events": 19}, "parameters": {"load": load}}
    record = told(LISTENING, "data_quality", RUN_DATE, parts)
    assert isinstance(record, DataQualityRecord)
    return record


def failed(rows: DataFrame | pd.DataFrame, suite: ExpectationSuite, directory: Path) -> list[tuple[str, str]]:
    """Severity and sentence of each expectation that is not met; the pages that show them are not made."""
    result = validate("check", Table(rows, suite), RUN_DATE, str(directory))
    return [(failure.severity.value, failure.sentence) for failure in failures(result)]
