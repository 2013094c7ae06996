"""What a run has added to a log."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pyspark.sql import SparkSession

from spark_jobs.lake.listening import LISTENS
from spark_jobs.shared.errors import MissingRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log import KEPT_BY, read_new_listens
from tests.logs import RUN_DATE
from tests.published import leave_record, write_tables


def test_expired_snapshot_asks_for_a_new_run(spark: SparkSession, lake: Lake) -> None:
    snapshots = write_tables(lake, RUN_DATE, {LISTENS.name: []})
    base = {"run_date": str(RUN_DATE - timedelta(days=1)), "snapshots": snapshots}
    leave_record(lake, KEPT_BY, RUN_DATE, {"snapshots": snapshots, "base": base, "added": 1})

    with pytest.raises(MissingRecordError, match=f"clear data_quality and what follows, or run {RUN_DATE} again"):
        read_new_listens(spark, lake, RUN_DATE, snapshots[LISTENS.name])
