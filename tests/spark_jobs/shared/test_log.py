"""The log of a run: its stages go on from its base, where that is whole; and what the run has added to it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pyspark.sql import SparkSession

from spark_jobs.lake.published import Published
from spark_jobs.lake.tables import Table
from spark_jobs.logs.listening.tables import LISTENS, SESSIONS
from spark_jobs.ranking.tables import CHOSEN_LISTENS, CHOSEN_SESSIONS
from spark_jobs.ranking.tables import TOP_SONGS as ANSWER
from spark_jobs.shared.documents import DATA_QUALITY
from spark_jobs.shared.errors import MissingRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log import JudgedLog, read_log, read_new_events
from tests.logs import RUN_DATE
from tests.published import leave_record, run_id_of, write_tables

DAY = RUN_DATE + timedelta(days=1)
NO_ROWS = {table.name: [] for table in (LISTENS, SESSIONS, CHOSEN_SESSIONS, CHOSEN_LISTENS, ANSWER)}


def added_to(lake: Lake, base: Published) -> JudgedLog:
    """The log of a day that was added to a base."""
    added = write_tables(lake, DAY, {LISTENS.name: []}, base=base.snapshots[LISTENS.name])[LISTENS.name]
    record = {"snapshots": {LISTENS.name: added}, "base": base, "added": added}
    leave_record(lake, DATA_QUALITY, DAY, record)
    return read_log(lake, DAY, added, looked_up=(CHOSEN_SESSIONS, CHOSEN_LISTENS))


def test_stages_go_on_from_a_whole_base(lake: Lake) -> None:
    base = Published(RUN_DATE, run_id_of(RUN_DATE), write_tables(lake, RUN_DATE, NO_ROWS))
    log = added_to(lake, base)
    assert log == JudgedLog(log.lake, log.events, base, log.events)


@pytest.mark.parametrize("table", [LISTENS, SESSIONS, CHOSEN_SESSIONS, CHOSEN_LISTENS], ids=lambda table: table.name)
def test_base_that_lost_a_snapshot_is_none(lake: Lake, table: Table) -> None:
    written = write_tables(lake, RUN_DATE, NO_ROWS)
    assert added_to(lake, Published(RUN_DATE, run_id_of(RUN_DATE), {**written, table.name: 7})).base is None
    del written[table.name]
    if table != LISTENS:
        assert added_to(lake, Published(RUN_DATE, run_id_of(RUN_DATE), written)).base is None


@pytest.mark.parametrize("table", [LISTENS, SESSIONS, CHOSEN_SESSIONS, CHOSEN_LISTENS], ids=lambda table: table.name)
def test_base_mixed_from_two_runs_is_no_base(lake: Lake, table: Table) -> None:
    written = write_tables(lake, RUN_DATE, NO_ROWS)
    other = write_tables(lake, RUN_DATE, {table.name: []}, run_id="another")
    assert added_to(lake, Published(RUN_DATE, run_id_of(RUN_DATE), {**written, **other})).base is None


def test_expired_snapshot_asks_for_a_new_run(spark: SparkSession, lake: Lake) -> None:
    base = Published(RUN_DATE, run_id_of(RUN_DATE), write_tables(lake, RUN_DATE, NO_ROWS))
    listens = added_to(lake, base).events
    record = {"snapshots": {LISTENS.name: listens}, "base": base, "added": 1}
    leave_record(lake, DATA_QUALITY, DAY, record)

    with pytest.raises(MissingRecordError, match=f"clear data_quality and what follows, or run {DAY} again"):
        read_new_events(spark, lake, DAY, listens)
