"""The pool of the Spark tasks is there after every start, and keeps the slots that a person has given it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cli.environment import airflow_environment, prepare_database


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    # Characters that mean something in the address of a database.
    home = tmp_path_factory.mktemp("pool") / "a home #1"
    found = airflow_environment(home, home / "lake", home, "log.tsv")
    prepare_database(found)
    return found


@pytest.fixture
def environment(prepared: dict[str, str]) -> Iterator[dict[str, str]]:
    """An environment whose database is new in each test: tests run in any order."""
    database = Path(prepared["AIRFLOW_HOME"]) / "airflow.db"
    new = database.read_bytes()
    yield prepared
    database.write_bytes(new)


def slots(environment: dict[str, str], change: str = "") -> list[int]:
    """Return the slots of the pool, if it is there, after a change to the database."""
    with closing(sqlite3.connect(Path(environment["AIRFLOW_HOME"]) / "airflow.db")) as database, database:
        database.execute(change or "SELECT 1")
        return [found for (found,) in database.execute("SELECT slots FROM slot_pool WHERE pool = 'spark'")]


def test_new_database_has_the_pool(environment: dict[str, str]) -> None:
    assert slots(environment) == [1]


def test_pool_that_was_deleted_is_made_again(environment: dict[str, str]) -> None:
    assert slots(environment, "DELETE FROM slot_pool WHERE pool = 'spark'") == []
    prepare_database(environment)
    assert slots(environment) == [1]


def test_changed_slots_stay(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    slots(environment, "UPDATE slot_pool SET slots = 2 WHERE pool = 'spark'")
    prepare_database(environment)
    monkeypatch.setattr("cli.environment._has_pool", lambda _: False)
    prepare_database(environment)
    assert slots(environment) == [2]
