from __future__ import annotations

from datetime import timedelta

import pytest
from pyspark.sql import SparkSession

from spark_jobs.engagement.job import EngagementJob, parse_args
from spark_jobs.engagement.tables import ANSWERS, SESSION_OUTCOMES, TABLES
from spark_jobs.logs.notes.contract import NOTES
from spark_jobs.shared.documents import read_record
from spark_jobs.shared.errors import OtherRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log import SessionsOfOtherEventsError, SessionsOfOtherGapError, sessions_cut
from tests.notes_files import files_of
from tests.notes_jobs import Told, run_engagement, run_notes, write_files, written
from tests.notes_logs import DAY, GAP, MILLISECOND, RUN_DATE, NotesLog, midnight
from tests.notes_model import Interaction, User, answers, session_rows, sessions_of

NOON = midnight(RUN_DATE) + DAY / 2
# Ann has two sessions, a millisecond more than the gap apart, and Bob, who is unknown, one of the day before.
LOG = NotesLog(
    [
        Interaction("ann", NOON, "page_view", "home", 60_000, 120),
        Interaction("ann", NOON + timedelta(seconds=30), "edit", "home", 86_400_000),
        Interaction("ann", NOON + timedelta(seconds=30) + GAP + MILLISECOND, "share", "home"),
        Interaction("bob", NOON - DAY, "page_view", "home", 1_500, 80, "1.10.0"),
    ],
    [User("ann", RUN_DATE, "AT", "desktop", 2020, "basic")],
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(str(tmp_path_factory.mktemp("notes") / "lake"), "notes")


@pytest.fixture(scope="module")
def told(spark: SparkSession, lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Told:
    return run_notes(spark, lake, write_files(files_of(LOG), tmp_path_factory.mktemp("log")), RUN_DATE)


def test_written_answers_are_those_of_the_model(lake: Lake, told: Told) -> None:
    expected = answers(LOG.interactions, LOG.users, RUN_DATE)
    for table in ANSWERS:
        rows = written(lake, table, told.answered).to_pylist()
        names = table.schema.fieldNames()
        assert sorted(map(repr, rows)) == sorted(
            repr({name: row[name] for name in names}) for row in expected[table.name]
        )


def test_outcomes_are_sessions_with_their_users(lake: Lake, told: Told) -> None:
    rows = written(lake, SESSION_OUTCOMES, told.answered).sort_by("session_id").to_pylist()
    users = (("AT", "desktop", "basic"), ("AT", "desktop", "basic"), ("unknown", "unknown", "unknown"))
    expected = [
        {
            **{name: row[name] for name in SESSION_OUTCOMES.schema.fieldNames() if name in row},
            **dict(zip(("country", "device_type", "subscription_type"), user, strict=True)),
            "is_bounced": row["interaction_count"] == 1,
        }
        for row, user in zip(session_rows(sessions_of(LOG.interactions, LOG.users)), users, strict=True)
    ]
    assert [{name: value for name, value in row.items() if name != "session_id"} for row in rows] == expected


def test_record_tells_what_was_written(lake: Lake, told: Told) -> None:
    record = told.answered
    assert set(record.snapshots) == {table.name for table in TABLES}
    assert set(record.made_from) == {"interactions", "users", "sessions"}
    assert record.sessions == 3
    assert record.rows == {table.name: written(lake, table, record).num_rows for table in ANSWERS}
    assert record.flagged == 0
    assert read_record(lake, type(record), RUN_DATE) == record


def test_other_gap_is_refused(spark: SparkSession, lake: Lake, told: Told) -> None:
    with pytest.raises(SessionsOfOtherGapError, match="a gap of 30 minutes, and are to be answered with one of 20"):
        run_engagement(spark, EngagementJob(lake, RUN_DATE, session_gap=timedelta(minutes=20)))


def test_other_snapshot_is_refused(spark: SparkSession, lake: Lake, told: Told) -> None:
    with pytest.raises(OtherRecordError, match="not of 12"):
        run_engagement(spark, EngagementJob(lake, RUN_DATE, interactions=12))


def test_sessions_of_other_interactions_are_refused(lake: Lake, told: Told) -> None:
    with pytest.raises(SessionsOfOtherEventsError, match="to be answered with 12"):
        sessions_cut(lake, RUN_DATE, None, 12, NOTES.sessions.gap)


def test_command_line_names_the_snapshots() -> None:
    line = "--lake /lake --log notes --run-date 2024-06-30 --interactions 7 --sessions 8 --session-gap-minutes 30"
    assert parse_args(line.split()) == EngagementJob(Lake("/lake", "notes"), RUN_DATE, 7, 8, timedelta(minutes=30))
