"""`make query`: SQL over the published tables, without Spark."""

from __future__ import annotations

import subprocess
import time
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from scripts.query import published_snapshots, query, written_snapshots
from spark_jobs.lake import tables
from spark_jobs.lake.catalog import LakeCatalog
from spark_jobs.lake.errors import NotPublishedError
from spark_jobs.lake.listening import ANSWER, TABLES
from spark_jobs.lake.publication import Publication, publish
from spark_jobs.lake.stamps import Stamp
from spark_jobs.shared.lake import LOG, Lake
from tests.commands import started
from tests.conftest import PROJECT
from tests.published import leave_record

FRIDAY, SATURDAY = date(2009, 5, 1), date(2009, 5, 2)


@pytest.fixture
def lake(tmp_path: Path) -> LakeCatalog:
    """Two published days: song A was played twice on Friday, thrice up to Saturday."""
    lake = LakeCatalog(str(tmp_path / "lake"))
    with lake.open() as catalog:
        tables.prepare(catalog, LOG, TABLES, buckets=1)
        for day, plays in ((FRIDAY, 2), (SATURDAY, 3)):
            found = catalog.load_table((LOG, ANSWER.name))
            rows = [{"rank": 1, "artist_name": "Artist", "track_name": "A", "play_count": plays}]
            write = found.append if day == FRIDAY else found.overwrite
            stamp = Stamp(day, f"run {day}", "ranking").properties()
            write(pa.Table.from_pylist(rows, found.schema().as_arrow()), snapshot_properties=stamp)
            snapshot = found.current_snapshot()
            assert snapshot is not None
            publish(catalog, Publication(LOG, day, f"run {day}", {ANSWER.name: snapshot.snapshot_id}, ANSWER.name))
    return lake


def _asked(lake: LakeCatalog, sql: str, day: date | None = None) -> list[tuple]:
    with lake.open() as catalog:
        return query(catalog, sql, published_snapshots(catalog, day)).fetchall()


def test_latest_date_answers(lake: LakeCatalog) -> None:
    assert _asked(lake, "SELECT track_name, play_count FROM top_songs") == [("A", 3)]


def test_earlier_date_answers(lake: LakeCatalog) -> None:
    assert _asked(lake, "SELECT play_count FROM Top_Songs", FRIDAY) == [(2,)]


def test_times_are_utc(lake: LakeCatalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        asked = _asked(lake, "SELECT CAST(TIMESTAMPTZ '2009-05-01 12:00:00+00' AS VARCHAR) FROM top_songs")
    finally:
        monkeypatch.undo()
        time.tzset()

    assert asked == [("2009-05-01 12:00:00+00",)]


def test_date_without_run_is_said(lake: LakeCatalog) -> None:
    with pytest.raises(NotPublishedError, match="published run dates: 2009-05-01, 2009-05-02"):
        _asked(lake, "SELECT * FROM top_songs", date(2009, 5, 3))


def test_answer_is_printed(lake: LakeCatalog) -> None:
    command = started("scripts.query", LAKE=lake.root, SQL="SELECT track_name, play_count FROM top_songs")
    done = subprocess.run(**command, cwd=PROJECT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "A" in done.stdout


def test_empty_lake_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotPublishedError, match="no run of listening is published, so none of 2009-05-01"):
        _asked(LakeCatalog(str(tmp_path / "new")), "SELECT * FROM top_songs", FRIDAY)


def test_unpublished_run_answers(lake: LakeCatalog) -> None:
    with lake.open() as catalog:
        friday = catalog.load_table((LOG, ANSWER.name)).metadata.refs[str(FRIDAY)].snapshot_id
    sunday, records = date(2009, 5, 3), Lake(lake.root)
    leave_record(records, "data_quality", sunday, {"run_id": "last", "snapshots": {}})
    leave_record(records, "ranking", sunday, {"run_id": "last", "snapshots": {ANSWER.name: friday}})
    assert written_snapshots(records, sunday) == {ANSWER.name: friday}

    leave_record(records, "data_quality", sunday, {"run_id": "later", "snapshots": {"listens": 7}})
    assert written_snapshots(records, sunday) == {"listens": 7}


def test_bad_question_ends_with_a_sentence(lake: LakeCatalog) -> None:
    command = started("scripts.query", LAKE=lake.root, SQL="SELECT * FROM top_sings")
    done = subprocess.run(**command, cwd=PROJECT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (1, "")
    assert "top_sings" in done.stderr
    assert "Traceback" not in done.stderr
