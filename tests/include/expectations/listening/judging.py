"""The tests of suites and checkpoints share a run date, limits, and a function that lists failed expectations."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
from great_expectations import ExpectationSuite
from pyspark.sql import DataFrame

from include.deployment.log_settings import log_settings
from include.expectations.checkpoint import failures, validate
from include.expectations.judged import Judged
from include.expectations.table import Table
from spark_jobs.logs.listening.contract import LISTENING

RUN_DATE = date(2009, 5, 4)
# Users of tests have short names.
LIMITS = log_settings(LISTENING)(user_id_pattern="^[uv]$", maximum_name_length=10)
MINIMUM, MAXIMUM = "expect_column_min_to_be_between", "expect_column_max_to_be_between"


# As many as may be read at a score of 95.
JUDGED = Judged(
    records_read=20,
    events_accepted=19,
    records_rejected=1,
    quality_score=95.0,
    warnings={},
    load="full",
    events_of_log=19,
    last_event_at=None,
    is_first=True,
    is_day_without=False,
)


def failed(rows: DataFrame | pd.DataFrame, suite: ExpectationSuite, directory: Path) -> list[tuple[str, str]]:
    """Severity and sentence of each expectation that is not met; the pages that show them are not made."""
    result = validate("check", Table(rows, suite), RUN_DATE, str(directory))
    return [(failure.severity.value, failure.sentence) for failure in failures(result)]
