"""The checks of the notes' interactions and sessions, on tables of the lake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from include.expectations.checkpoint import failures, validate
from include.expectations.notes import checks
from include.expectations.table import Table
from spark_jobs.shared.lake import Lake
from tests.include.report.notes.finished import finish
from tests.jobs import knowing
from tests.notes_model import Interaction, session_rows, sessions_of
from tests.notes_rows import ANN, BOB, D, act, at, load, user
from tests.published import write_tables

INTERACTIONS = [act(at("10:00:00")), act(at("10:00:01"), action_type="delete"), load(20, at("12:00:00"), BOB)]
USERS = [user(ANN), user(BOB)]


def sessions_of_lake(interactions: Sequence[Interaction], **changes: Any) -> list[dict[str, Any]]:
    """The rows of the table of sessions, some values of which are changed."""
    found = zip(sessions_of(interactions, ()), session_rows(sessions_of(interactions, ())), strict=True)
    last = {"session_id": "", "last_event_at": None}
    return [
        {**row, **last, "session_id": str(place), "last_event_at": one.run[-1].row.occurred_at, **changes}
        for place, (one, row) in enumerate(found)
    ]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake whose records tell of three interactions of two known users."""
    lake = Lake(str(tmp_path / "lake"), "notes")
    finish(lake, INTERACTIONS, USERS)
    return lake


def unmet(tables: list[Table], directory: Path) -> list[tuple[str, str]]:
    """Suite, severity and claim of what is not met."""
    return [
        (table.suite.name, failure.severity.value)
        for table in tables
        for failure in failures(validate("check", table, D, str(directory)))
    ]


def checked_sessions(spark: SparkSession, lake: Lake, rows: list[dict[str, Any]]) -> list[Table]:
    snapshots = write_tables(lake, D, {"sessions": rows})
    return checks.sessions(knowing(spark, lake), lake, D, snapshots)


def test_sessions_without_a_known_duration_are_good(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    rows = sessions_of_lake(INTERACTIONS)
    assert None in [row["duration_seconds"] for row in rows]
    assert unmet(checked_sessions(spark, lake, rows), tmp_path) == [("actions", "warning")]


def test_session_that_is_more_active_than_long_stops(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    rows = sessions_of_lake(INTERACTIONS, duration_seconds=1.5, active_seconds=1.501)
    assert ("session_shape", "critical") in unmet(checked_sessions(spark, lake, rows), tmp_path)
    rows = sessions_of_lake(INTERACTIONS, duration_seconds=1.5, active_seconds=1.5)
    assert ("session_shape", "critical") not in unmet(checked_sessions(spark, lake, rows), tmp_path)


@pytest.mark.parametrize(
    ("warned", "names"),
    [
        ({}, set()),
        ({"unknown_user": 1}, {"unknown_users_percent"}),
        ({"before_join_date": 3, "longer_than_8_hours": 3}, {"before_join_percent", "longer_than_8_hours_percent"}),
    ],
)
def test_odd_interactions_degrade(spark: SparkSession, tmp_path: Path, warned: dict[str, int], names: set[str]) -> None:
    lake = Lake(str(tmp_path / "lake"), "notes")
    finish(lake, INTERACTIONS, USERS, warnings={"interactions": warned})
    tables = {"interactions": INTERACTIONS, "users": USERS}
    snapshots = write_tables(lake, D, {name: [asdict(row) for row in rows] for name, rows in tables.items()})
    snapshots |= write_tables(lake, D, {"rejected_records": []})
    found = {table.suite.name: table for table in checks.interactions(knowing(spark, lake), lake, D, snapshots, "95")}
    odd = found["odd_interactions"]
    result = validate("check", odd, D, str(tmp_path))
    assert {one.expectation_config.kwargs["column"] for one in of(result) if not one.success} == names
    assert odd.rows.load_times_percent[0] == 100


def of(result: Any) -> list[Any]:
    return [one for run in result.run_results.values() for one in run.results]
