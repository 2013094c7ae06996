"""Sessions of events that last, of a log that arrives by the day: as if all of it had been there at once."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from pyspark.sql import SparkSession

from spark_jobs.contract import LogContract
from spark_jobs.lake.published import published
from spark_jobs.lake.stamps import Stamp
from spark_jobs.lake.tables import prepare
from spark_jobs.lake.tries import new_try, read
from spark_jobs.logs.contracts import CONTRACTS
from spark_jobs.logs.notes.contract import NOTES
from spark_jobs.session_analysis.job import SessionAnalysisJob
from spark_jobs.shared.arguments import MANUAL
from spark_jobs.shared.documents import write_record
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log_tables import answers_tables, events_table, sessions_table, tables_of
from spark_jobs.shared.records import NewSessions, Parameters, SessionAnalysisRecord, record_of
from tests.jobs import knowing, run_session_analysis
from tests.notes_model.rows import Interaction
from tests.published import leave_record, publish_tables
from tests.spark_jobs.session_analysis.active_time import (
    DAY,
    MINUTE,
    Row,
    expected,
    frame,
    histories,
    interaction,
    rows_of,
)
from tests.toy.known import toy_log

FIRST = date(2026, 3, 1)
# An example is three runs of a job, ten seconds each.
FEWER = max(1, settings().max_examples // 6)


@pytest.fixture(scope="module")
def log() -> Iterator[LogContract]:
    """The log of interactions, with the answers of a log that tests have anyway."""
    with toy_log() as toy:
        contract = replace(NOTES, answers=toy.answers, answer=toy.answer)
        with patch.dict(CONTRACTS, {contract.name: contract}):
            yield contract


class Loads:
    """Days that are published one after the other; each adds to the one before."""

    def __init__(self, spark: SparkSession, root: str, log: LogContract) -> None:
        self.spark, self.log, self.lake = spark, log, Lake(f"{root}/lake", log.name)
        self.days = 0
        with self.lake.catalog.open() as catalog:
            prepare(catalog, log.name, tables_of(log), buckets=2)

    def load(self, rows: list[Interaction]) -> SessionAnalysisRecord:
        """Add a day's interactions as data_quality does, cut sessions, and publish both."""
        day, events = FIRST + timedelta(days=self.days), events_table(self.log)
        self.days += 1
        base = self._published(day - timedelta(days=1)) if self.days > 1 else None
        before = base.snapshots[events.name] if base else None
        made = new_try(self.lake.catalog, self.log.name, Stamp(day, MANUAL, "data_quality", {}))
        added = made.add(frame(knowing(self.spark, self.lake), rows), events, before)
        snapshots = {events.name: added}
        leave_record(
            self.lake,
            "data_quality",
            day,
            {"run_id": MANUAL, "snapshots": snapshots, "base": base, "added": added},
        )
        record = run_session_analysis(self.spark, SessionAnalysisJob(self.lake, day))
        publish_tables(self.lake, day, {**snapshots, **record.snapshots, **self._answer(day, record)}, MANUAL)
        return record

    def sessions(self, record: SessionAnalysisRecord) -> list[Row]:
        table = sessions_table(self.log)
        return rows_of(read(knowing(self.spark, self.lake), self.log.name, table, record.snapshots[table.name]))

    def _published(self, day: date) -> object:
        with self.lake.catalog.open() as catalog:
            return published(catalog, self.log.name, self.log.answer, day)

    def _answer(self, day: date, of: SessionAnalysisRecord) -> dict[str, int]:
        stage, (table,) = self.log.answers, answers_tables(self.log)
        made = new_try(self.lake.catalog, self.log.name, Stamp(day, MANUAL, stage, of.snapshots))
        snapshots = {table.name: made.replace_here(None, table)}
        facts = {"run_date": day, "run_id": MANUAL, "snapshots": snapshots, "made_from": of.snapshots}
        record = record_of(self.log, stage)(**facts, parameters=Parameters(), seconds=0, doors=0)
        write_record(self.lake.stage_record(stage, day), record)
        return snapshots


@pytest.fixture
def loads(spark: SparkSession, log: LogContract, tmp_path: Path) -> Loads:
    return Loads(spark, str(tmp_path), log)


@settings(max_examples=FEWER)
@given(histories(3))
@example([[interaction(0, DAY)], [interaction(31, 0)], [interaction(15, 2 * MINUTE)]])
def test_daily_loads_equal_a_full_one(spark: SparkSession, log: LogContract, history: list[list[Interaction]]) -> None:
    root = tempfile.mkdtemp()
    try:
        loads = Loads(spark, root, log)
        for number, day in enumerate(history):
            record = loads.load(day)
            everything = list(chain(*history[: number + 1]))
            sessions = expected(everything)
            assert loads.sessions(record) == sessions
            assert record.sessions == len(sessions)
            assert record.events_read == len(everything)
            assert record.users == len({one.user_id for one in everything})
            assert record.longest_session_events == max((one["interaction_count"] for one in sessions), default=0)
            assert (record.new is None) == (number == 0)
    finally:
        shutil.rmtree(root)


def test_session_that_is_cut_short_is_not_extended(loads: Loads) -> None:
    loads.load([interaction(0, 0), interaction(10, DAY)])
    record = loads.load([interaction(70, MINUTE)])
    assert record.new == NewSessions(opened=1, extended=0, joined=0, users_first_seen=0)
    found = [(session["ended_at"], session["duration_seconds"]) for session in loads.sessions(record)]
    assert found == [
        (interaction(70, 0).occurred_at, 4200.0),
        (interaction(71, 0).occurred_at, 60.0),
    ]
