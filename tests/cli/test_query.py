"""`make query`: SQL over the published tables, without Spark."""

from __future__ import annotations

import subprocess
import time
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from cli.query import published_snapshots, query
from spark_jobs.lake import tables
from spark_jobs.lake.catalog import LakeCatalog
from spark_jobs.lake.errors import NotPublishedError
from spark_jobs.lake.publication import Publication, publish
from spark_jobs.lake.stamps import Stamp
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.ranking.tables import TOP_SONGS as ANSWER
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log_tables import tables_of
from tests.commands import started
from tests.conftest import PROJECT
from tests.published import leave_record

FRIDAY, SATURDAY, SUNDAY = (date(2009, 5, day) for day in (1, 2, 3))


@pytest.fixture
def lake(tmp_path: Path) -> LakeCatalog:
    """Two published days: song A was played twice on Friday, thrice up to Saturday."""
    lake = LakeCatalog(str(tmp_path / "lake"))
    with lake.open() as catalog:
        tables.prepare(catalog, "listening", tables_of(LISTENING), buckets=1)
        for day, plays in ((FRIDAY, 2), (SATURDAY, 3)):
            found = catalog.load_table(("listening", ANSWER.name))
            rows = [{"rank": 1, "artist_name": "Artist", "track_name": "A", "play_count": plays}]
            write = found.append if day == FRIDAY else found.overwrite
            stamp = Stamp(day, f"run {day}", "ranking").properties()
            write(pa.Table.from_pylist(rows, found.schema().as_arrow()), snapshot_properties=stamp)
            snapshot = found.current_snapshot()
            assert snapshot is not None
            publish(
                catalog, Publication("listening", day, f"run {day}", {ANSWER.name: snapshot.snapshot_id}, ANSWER.name)
            )
    return lake


def _asked(lake: LakeCatalog, sql: str, day: date | None = None) -> list[tuple]:
    with lake.open() as catalog:
        snapshots = published_snapshots(Lake(lake.root, "listening"), catalog, day)
        return query(catalog, "listening", sql, snapshots).fetchall()


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
    done = _typed(lake, SQL="SELECT track_name, play_count FROM top_songs")

    assert done.returncode == 0, done.stderr
    assert "A" in done.stdout


def test_empty_lake_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotPublishedError, match="no run of listening is published, so none of 2009-05-01"):
        _asked(LakeCatalog(str(tmp_path / "new")), "SELECT * FROM top_songs", FRIDAY)


def test_unpublished_run_answers(lake: LakeCatalog) -> None:
    with lake.open() as catalog:
        friday = catalog.load_table(("listening", ANSWER.name)).metadata.refs[str(FRIDAY)].snapshot_id
    records, asked = Lake(lake.root, "listening"), {"SQL": "SELECT * FROM top_songs", "PUBLISHED": "no"}
    # As a run leaves them whose first stage was cleared and made other listens: it is the same run.
    for stage, made, of in (
        ("data_quality", {"listens": 7}, {}),
        ("session_analysis", {"sessions": 8}, {"listens": 7}),
        ("ranking", {ANSWER.name: friday}, {"listens": 7, "sessions": 8}),
    ):
        leave_record(records, stage, SUNDAY, {"run_id": "the same", "snapshots": made, "made_from": of})
    assert "Artist" in _typed(lake, RUN_DATE=str(SUNDAY), **asked).stdout
    expired = _typed(lake, RUN_DATE=str(SUNDAY), **asked | {"SQL": "SELECT * FROM listens"})
    assert expired.stderr == "No answer: the snapshot 7 of listens has expired; run the date again\n"

    leave_record(records, "data_quality", SUNDAY, {"run_id": "the same", "snapshots": {"listens": 9}})
    done = _typed(lake, RUN_DATE=str(SUNDAY), **asked)
    assert (done.returncode, done.stdout) == (1, "")
    said = "session_analysis of 2009-05-03 was made from the snapshot 7 of listens, and the last is 9"
    assert f"Table with name top_songs does not exist! {said}" in done.stderr


def test_unpublished_run_wants_its_date(lake: LakeCatalog) -> None:
    assert "'--run-date': found none, allowed is a date" in _typed(lake, SQL="SELECT 1", PUBLISHED="no").stderr
    said = _typed(lake, SQL="SELECT 1", PUBLISHED="no", RUN_DATE=str(SUNDAY)).stderr
    assert f"no run of {SUNDAY} in {lake.root} has written anything" in said


def _typed(lake: LakeCatalog, **words: str) -> subprocess.CompletedProcess[str]:
    command = started("cli query", LAKE=lake.root, **words)
    return subprocess.run(**command, cwd=PROJECT, capture_output=True, text=True, check=False)


def test_bad_question_ends_with_a_sentence(lake: LakeCatalog) -> None:
    done = _typed(lake, SQL="SELECT * FROM top_sings")

    assert (done.returncode, done.stdout) == (1, "")
    assert "top_sings" in done.stderr
    assert "Traceback" not in done.stderr
