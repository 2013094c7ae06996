"""What the run date before left, for a check to compare with."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from typing import TypeVar

from pyspark.sql import DataFrame, SparkSession

from spark_jobs.lake.published import Published, published
from spark_jobs.lake.tables import Table
from spark_jobs.lake.tries import read
from spark_jobs.shared.documents import read_publication
from spark_jobs.shared.failures import explain
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log_tables import sessions_table
from spark_jobs.shared.records import DataQualityRecord

log = logging.getLogger(__name__)
T = TypeVar("T")


def to_compare(work_out: Callable[[date], T], previous: date | None) -> T | None:
    """Return what comes of what the previous run date left; None where that is damaged, which stops no other run."""
    if previous is None:
        return None
    try:
        return work_out(previous)
    except Exception as error:
        log.warning("Not compared with run date %s: %s", previous, explain(error))
        return None


def published_record(lake: Lake, run_date: date) -> DataQualityRecord:
    """Return what data_quality told of a run date as it was published."""
    return read_publication(lake, run_date, _published(lake, run_date).snapshots).data_quality


def published_sessions(spark: SparkSession, lake: Lake, run_date: date) -> DataFrame:
    """Return the sessions of a run date as they were published."""
    return published_table(spark, lake, run_date, sessions_table(lake.contract))


def published_table(spark: SparkSession, lake: Lake, run_date: date, table: Table) -> DataFrame:
    """Return a table of a run date as it was published."""
    return read(spark, lake.log, table, _published(lake, run_date).snapshots[table.name])


def _published(lake: Lake, run_date: date) -> Published:
    with lake.catalog.open() as catalog:
        return published(catalog, lake.log, lake.answer, run_date)
