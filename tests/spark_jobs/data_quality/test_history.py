"""A daily load reads only new files and adds only new listens."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.data_quality import history
from spark_jobs.data_quality.history import LostBaseError
from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.lake.listening import LISTENS, REJECTED_RECORDS
from spark_jobs.lake.published import load_all
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.shared import loads
from spark_jobs.shared.errors import DataError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord, InputSize, LateEvents, LogTotals
from tests.jobs import publish_listens, run_data_quality
from tests.lake_reader import rows
from tests.records import counted

FIRST = date(2009, 5, 4)


def line(time: str, song: str = "t") -> bytes:
    return f"u\t2009-05-{time}Z\t\ta\t\t{song}\n".encode()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def load(spark: SparkSession, lake: Lake, inbox: Path, days: int, is_published: bool = True) -> DataQualityRecord:
    day = FIRST + timedelta(days=days)
    record = run_data_quality(spark, DataQualityJob(str(inbox), lake, day, load=loads.DAILY))
    if is_published:
        publish_listens(spark, lake, day)
    return record


def test_unchanged_file_is_read_once_changes_are_recorded(spark: SparkSession, lake: Lake, inbox: Path) -> None:
    first, second = inbox / "1 é.tsv", inbox / "2.tsv"
    first.write_bytes(line("04T12:00:00"))
    assert load(spark, lake, inbox, 0).new is None

    second.write_bytes(line("05T12:00:00"))
    record = load(spark, lake, inbox, 1)
    assert record.counts == counted(1, 1, 0)
    assert record.new.files_known == (f"{first}",)
    assert [file.file for file in record.files] == [f"{second}"]

    nothing = load(spark, lake, inbox, 2)
    assert nothing.counts == counted(0, 0, 0)
    assert (nothing.quality_score, nothing.files, nothing.input) == (100, (), InputSize(files=0, bytes=0))
    assert nothing.log.events == 2

    first.write_bytes(line("04T12:00:00") + line("06T12:00:00"))
    changed = load(spark, lake, inbox, 3)
    assert changed.counts == counted(2, 1, 1)
    # A listen that the log already has does not lower the day's score.
    assert (changed.quality_score, changed.new.known_events) == (100, 1)
    assert (changed.new.files_changed, changed.new.files_known) == ((f"{first}",), (f"{second}",))
    day = FIRST + timedelta(days=3)
    assert rows(lake, REJECTED_RECORDS, day) == [(line("04T12:00:00").strip(), "duplicate", f"{first}")]
    assert changed.log == LogTotals(
        events=3,
        first_event_at=datetime(2009, 5, 4, 12, tzinfo=UTC),
        last_event_at=datetime(2009, 5, 6, 12, tzinfo=UTC),
    )


def test_many_and_few_new_listens_give_same_result(
    spark: SparkSession, lake: Lake, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_to_all: list[list[str]] = []

    def broadcast(frame: DataFrame) -> DataFrame:
        handed_to_all.append(frame.columns)
        return real(frame)

    real = F.broadcast
    monkeypatch.setattr(F, "broadcast", broadcast)
    (inbox / "1.tsv").write_bytes(line("04T12:00:00") + line("04T12:05:00"))
    load(spark, lake, inbox, 0)
    (inbox / "2.tsv").write_bytes(line("04T12:05:00") + line("04T12:05:00", "v") + line("05T12:00:00"))
    found = {}
    for few in (3, 2):
        monkeypatch.setattr(history, "FEW_LISTENS", few)
        known = load(spark, lake, inbox, 1).new.known_events
        songs = [(row[1].day, row[5]) for row in sorted(rows(lake, LISTENS, FIRST + timedelta(days=1)))]
        found[few] = known, songs, list(LISTENING.events.same) in handed_to_all
        handed_to_all.clear()
    assert found == {few: (1, [(4, "t"), (4, "t"), (4, "v"), (5, "t")], few == 3) for few in (3, 2)}


def test_input_mostly_known_is_refused_for_daily_load(
    spark: SparkSession, lake: Lake, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / "log.tsv").write_bytes(line("04T12:00:00") + line("04T12:05:00"))
    load(spark, lake, inbox, 0)
    (inbox / "log.tsv").write_bytes(line("04T12:00:00") + line("04T12:05:00") + line("05T12:00:00"))
    monkeypatch.setattr(history, "MOST_KNOWN", 1)
    with pytest.raises(DataError, match="2 of the listens are in the log already, allowed .* are 1: .* load=full"):
        load(spark, lake, inbox, 1)
    assert rows(lake, LISTENS, FIRST + timedelta(days=1)) == []
    monkeypatch.setattr(history, "MOST_KNOWN", 2)
    assert load(spark, lake, inbox, 1).log.events == 3


def test_how_late_listens_are_is_counted(spark: SparkSession, lake: Lake, inbox: Path) -> None:
    load_first(spark, lake, inbox)
    times = ("05T00:00:00", "04T23:59:59", "03T12:00:00", "05T23:59:59", "06T10:00:00")
    late = b"".join(line(time, "late") for time in times) + line("05T08:00:00", "a year").replace(b"2009", b"2008")
    (inbox / "2.tsv").write_bytes(late)
    assert load(spark, lake, inbox, 1).new.late == LateEvents(
        events=3, most_days=365, up_to_1_days=1, up_to_7_days=1, up_to_30_days=0, up_to_365_days=1, later=0
    )


def load_first(spark: SparkSession, lake: Lake, inbox: Path) -> None:
    (inbox / "1.tsv").write_bytes(line("04T12:00:00"))
    load(spark, lake, inbox, 0)


def test_day_is_added_to_the_latest_one_published(spark: SparkSession, lake: Lake, inbox: Path) -> None:
    load_first(spark, lake, inbox)
    (inbox / "2.tsv").write_bytes(line("05T12:00:00", "not published"))
    load(spark, lake, inbox, 1, is_published=False)
    (inbox / "3.tsv").write_bytes(line("07T12:00:00"))
    record = load(spark, lake, inbox, 3)
    assert record.base.run_date == FIRST
    assert [Path(file.file).name for file in record.inputs] == ["1.tsv", "2.tsv", "3.tsv"]
    assert record.log.events == 3


def test_unpublished_run_of_base_changes_nothing(spark: SparkSession, lake: Lake, inbox: Path) -> None:
    load_first(spark, lake, inbox)
    (inbox / "2.tsv").write_bytes(line("04T13:00:00"))
    load(spark, lake, inbox, 0, is_published=False)
    record = load(spark, lake, inbox, 1)
    assert (record.base.run_date, record.log.events) == (FIRST, 2)
    assert [Path(file.file).name for file in record.inputs] == ["1.tsv", "2.tsv"]


def test_day_whose_base_is_gone_begins_no_log(spark: SparkSession, lake: Lake, inbox: Path) -> None:
    load_first(spark, lake, inbox)
    (inbox / "2.tsv").write_bytes(line("05T12:00:00"))
    load(spark, lake, inbox, 1)
    with lake.catalog.open() as catalog:
        for name in load_all(catalog, "listening"):
            table = catalog.load_table(("listening", name))
            if str(FIRST) in table.metadata.refs:
                table.manage_snapshots().remove_tag(str(FIRST)).commit()
    before = rows(lake, LISTENS, FIRST + timedelta(days=1))
    with pytest.raises(LostBaseError, match="2009-05-05 was added to the listens of an earlier run, which is gone"):
        load(spark, lake, inbox, 1)
    assert rows(lake, LISTENS, FIRST + timedelta(days=1)) == before


def test_many_days_become_few_files(spark: SparkSession, lake: Lake, inbox: Path) -> None:
    for day in range(6):
        (inbox / f"{day}.tsv").write_bytes(line(f"0{4 + day}T12:00:00", f"song {day}"))
        record = load(spark, lake, inbox, day)
        # The fifth small file of a bucket is joined with the others.
        assert (record.added != record.snapshots[LISTENS.name]) == (day == 4)
    assert [row[5] for row in rows(lake, LISTENS, FIRST + timedelta(days=5))] == [f"song {day}" for day in range(6)]
    with lake.catalog.open() as catalog:
        table = catalog.load_table(("listening", LISTENS.name))
        files = list(table.scan(snapshot_id=record.snapshots[LISTENS.name]).plan_files())
    assert len(files) == 2
