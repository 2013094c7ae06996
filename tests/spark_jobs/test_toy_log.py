"""Data quality and session analysis on a log that they have never heard of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.testing import assertDataFrameEqual

from spark_jobs.contract import LogContract
from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.data_quality.kinds import kinds_of
from spark_jobs.lake.stamps import Stamp
from spark_jobs.lake.tables import Table
from spark_jobs.lake.tries import new_try, read
from spark_jobs.session_analysis.job import SessionAnalysisJob
from spark_jobs.shared import loads
from spark_jobs.shared.arguments import MANUAL
from spark_jobs.shared.documents import write_record
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log_tables import REJECTED_RECORDS, answers_tables, events_table, sessions_table, tables_of
from spark_jobs.shared.records import (
    DataQualityRecord,
    NewSessions,
    Parameters,
    SessionAnalysisRecord,
    StageRecord,
    record_of,
)
from spark_jobs.shared.rules import MissingRulesError
from tests.frames import at, frame_of
from tests.jobs import knowing, run_data_quality, run_session_analysis
from tests.published import publish_tables
from tests.toy.known import toy_log

DAY, NEXT = date(2009, 5, 1), date(2009, 5, 2)
FIRST = (
    "2009-05-01T12:00:00.250Z\tann\tFRONT",
    "2009-05-01T12:00:00.250Z\tann\tFRONT",
    "2009-05-01T12:05:00.250Z\tann\tBACK",
    "2009-05-01T12:10:00.251Z\tann\tCELLAR",
    "2009-05-01T12:00:00.000Z\tben\t",
    "2009-05-01T12:00:00.000Z\tben\tBACK",
    "2009-05-01T12:00:00.000Z\t\tBACK",
    "2009-05-09T12:00:00.000Z\tben\tBACK",
    "ben",
)
SECOND = (
    "2009-05-01T12:00:00.000Z\tben\t",
    "2009-05-01T12:07:00.250Z\tann\tFRONT",
    "2009-05-02T09:00:00.000Z\tcat\tFRONT",
)


@pytest.fixture
def toy() -> Iterator[LogContract]:
    with toy_log() as contract:
        yield contract


@pytest.fixture
def lake(tmp_path: Path, toy: LogContract) -> Lake:
    return Lake(str(tmp_path / "lake"), toy.name)


def load(
    spark: SparkSession, lake: Lake, day: date, lines: tuple[str, ...]
) -> tuple[DataQualityRecord, SessionAnalysisRecord]:
    """Judge the lines of a day, cut them into sessions, publish both; return the records of the two stages."""
    file = Path(lake.root).with_name(f"{day}.tsv")
    file.write_text("".join(f"{line}\n" for line in lines))
    judged = run_data_quality(spark, DataQualityJob(str(file), lake, day, load=loads.DAILY))
    cut = run_session_analysis(spark, SessionAnalysisJob(lake, day))
    publish_tables(lake, day, {**judged.snapshots, **cut.snapshots, **answer(lake, day, cut.snapshots)}, MANUAL)
    return judged, cut


def answer(lake: Lake, day: date, made_from: dict[str, int]) -> dict[str, int]:
    """Leave an answer without a row and its record, as the log's third stage would; return its snapshot."""
    stage, (table,) = lake.contract.answers, answers_tables(lake.contract)
    snapshots = {
        table.name: new_try(lake.catalog, lake.log, Stamp(day, MANUAL, stage, made_from)).replace_here(None, table)
    }
    facts = {"run_date": day, "run_id": MANUAL, "snapshots": snapshots, "made_from": made_from}
    record = record_of(lake.contract, stage)(**facts, parameters=Parameters(), seconds=0, doors=0)
    write_record(lake.stage_record(stage, day), record)
    return snapshots


def assert_rows(
    spark: SparkSession, lake: Lake, table: Table, record: StageRecord, expected: list[tuple[Any, ...]]
) -> None:
    found = read(knowing(spark, lake), lake.log, table, record.snapshots[table.name])
    assertDataFrameEqual(found, frame_of(spark, expected, table.schema))


def test_records_are_accepted_or_rejected_with_reason(spark: SparkSession, lake: Lake, toy: LogContract) -> None:
    record, _ = load(spark, lake, DAY, FIRST)
    passages = [
        (at("12:00:00.250"), "ann", "FRONT"),
        (at("12:05:00.250"), "ann", "BACK"),
        (at("12:10:00.251"), "ann", None),
        (at("12:00:00"), "ben", None),
        (at("12:00:00"), "ben", "BACK"),
    ]
    assert_rows(spark, lake, events_table(toy), record, passages)
    file = str(Path(lake.root).with_name(f"{DAY}.tsv"))
    reasons = {1: "duplicate", 6: "missing_badge", 7: "invalid_time", 8: "field_count"}
    rejected = [
        ("passages", bytearray(FIRST[number].encode()), file, 0, None, len(FIRST[number]), None, reason)
        for number, reason in reasons.items()
    ]
    assert_rows(spark, lake, REJECTED_RECORDS, record, rejected)
    assert record.rejected == dict.fromkeys(("field_count", "missing_badge", "invalid_time", "duplicate"), 1)
    assert record.warnings == {"unknown_door": 1}


def test_sessions_count_what_the_contract_says(spark: SparkSession, lake: Lake, toy: LogContract) -> None:
    _, record = load(spark, lake, DAY, FIRST)
    # The pause before the third passage is a millisecond longer than the gap.
    expected = [
        ("ann-20090501T120000Z", "ann", at("12:00:00.250"), at("12:05:00.250"), 300, 2, 2, 1, 1),
        ("ann-20090501T121000Z", "ann", at("12:10:00.251"), at("12:10:00.251"), 0, 1, 0, 0, 0),
        ("ben-20090501T120000Z", "ben", at("12:00:00"), at("12:00:00"), 0, 2, 1, 0, 1),
    ]
    assert sessions_table(toy).schema.fieldNames()[5:] == [
        "passage_count",
        "distinct_door_count",
        "front_count",
        "back_count",
    ]
    assert_rows(spark, lake, sessions_table(toy), record, expected)


def test_daily_load_adds_only_new_events(spark: SparkSession, lake: Lake, toy: LogContract) -> None:
    load(spark, lake, DAY, FIRST)
    judged, cut = load(spark, lake, NEXT, SECOND)

    # Equal but for their door, which neither has: the same event.
    assert judged.rejected["duplicate"] == judged.new.known_events == 1
    assert judged.log.events == 7
    assert judged.new.late.up_to_1_days == 1
    expected = [
        # The new passage joins the two sessions that there were.
        ("ann-20090501T120000Z", "ann", at("12:00:00.250"), at("12:10:00.251"), 600, 4, 2, 2, 1),
        ("ben-20090501T120000Z", "ben", at("12:00:00"), at("12:00:00"), 0, 2, 1, 0, 1),
        ("cat-20090502T090000Z", "cat", at("2009-05-02T09:00"), at("2009-05-02T09:00"), 0, 1, 1, 1, 0),
    ]
    assert_rows(spark, lake, sessions_table(toy), cut, expected)
    assert cut.new == NewSessions(opened=1, extended=0, joined=1, users_first_seen=1)


def test_all_tables_of_a_log_are_made(spark: SparkSession, lake: Lake, toy: LogContract) -> None:
    load(spark, lake, DAY, FIRST)
    with lake.catalog.open() as catalog:
        made = {name for _, name in catalog.list_tables(toy.name)}
    assert made == {table.name for table in tables_of(toy)}
    assert made == {"passages", "rejected_records", "sessions", "door_counts"}


def test_log_without_rules_is_refused(toy: LogContract) -> None:
    with pytest.raises(MissingRulesError, match="log bells has no rules for its passages.*logs/bells/rules.py"):
        kinds_of(replace(toy, name="bells"))
    other = replace(toy, events=replace(toy.events, name="exits"))
    with pytest.raises(
        MissingRulesError, match="log doors has no rules for its exits.* spark_jobs/logs/doors/rules.py"
    ):
        kinds_of(other)


def test_gap_of_a_log_is_its_contracts(lake: Lake) -> None:
    assert SessionAnalysisJob(lake, DAY).gap == timedelta(minutes=5)
