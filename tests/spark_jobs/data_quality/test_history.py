"""What a daily load takes in, and what it knows already."""

from __future__ import annotations

import os
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.data_quality import history
from spark_jobs.data_quality.job import DataQualityJob, run
from spark_jobs.shared import lineage
from spark_jobs.shared.errors import DamagedPartitionError, DataError, MissingPartitionError
from spark_jobs.shared.lake import FOLDED_LISTENS, LISTENS, REJECTED_LISTENS, RUNS, Lake
from tests.lake_reader import rows

FIRST = date(2009, 5, 4)


def line(time: str, song: str = "t") -> bytes:
    return f"u\t2009-05-{time}Z\t\ta\t\t{song}\n".encode()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def load(spark: SparkSession, lake: Lake, inbox: Path, days: int, **asked: Any) -> dict[str, Any]:
    job = DataQualityJob(str(inbox), lake, FIRST + timedelta(days=days), load=lineage.DAILY, **asked)
    return run(spark, job)


def test_a_file_is_taken_in_once_unless_it_changes_and_then_that_is_said(
    spark: SparkSession, lake: Lake, inbox: Path
) -> None:
    first, second = inbox / "1 é.tsv", inbox / "2.tsv"
    first.write_bytes(line("04T12:00:00"))
    assert load(spark, lake, inbox, 0)["new"] is None

    second.write_bytes(line("05T12:00:00"))
    record = load(spark, lake, inbox, 1)
    assert record["rows"] == {"lines_read": 1, "listens_kept": 1, "lines_rejected": 0}
    assert record["new"]["files_known"] == [f"{first}"]
    assert [file["file"] for file in record["files"]] == [f"{second}"]

    nothing = load(spark, lake, inbox, 2)
    assert nothing["rows"] == {"lines_read": 0, "listens_kept": 0, "lines_rejected": 0}
    assert (nothing["quality_score"], nothing["files"], nothing["input"]) == (100, [], {"files": 0, "bytes": 0})
    assert nothing["log"]["listens"] == 2

    first.write_bytes(line("04T12:00:00") + line("06T12:00:00"))
    changed = load(spark, lake, inbox, 3)
    assert changed["rows"] == {"lines_read": 2, "listens_kept": 1, "lines_rejected": 1}
    # What was there before is no fault of the day.
    assert (changed["quality_score"], changed["new"]["known_listens"]) == (100, 1)
    assert (changed["new"]["files_changed"], changed["new"]["files_known"]) == ([f"{first}"], [f"{second}"])
    day = FIRST + timedelta(days=3)
    assert rows(lake, REJECTED_LISTENS, day) == [(line("04T12:00:00").strip(), "duplicate", f"{first}")]
    assert changed["log"] == {
        "listens": 3,
        "first_listened_at": "2009-05-04T12:00:00Z",
        "last_listened_at": "2009-05-06T12:00:00Z",
    }


def test_many_new_listens_are_looked_for_in_the_log_as_few_are(
    spark: SparkSession, lake: Lake, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_to_all: list[str] = []

    def broadcast(frame: DataFrame) -> DataFrame:
        handed_to_all.extend(frame.inputFiles())
        return real(frame)

    real = F.broadcast
    monkeypatch.setattr(F, "broadcast", broadcast)
    (inbox / "1.tsv").write_bytes(line("04T12:00:00") + line("04T12:05:00"))
    load(spark, lake, inbox, 0)
    (inbox / "2.tsv").write_bytes(line("04T12:05:00") + line("04T12:05:00", "v") + line("05T12:00:00"))
    found = {}
    for few in (3, 2):
        monkeypatch.setattr(history, "FEW_LISTENS", few)
        known = load(spark, lake, inbox, 1)["new"]["known_listens"]
        songs = [(row[1].day, row[5]) for row in sorted(rows(lake, LISTENS, FIRST + timedelta(days=1)))]
        found[few] = known, songs, any("/new/" in file for file in handed_to_all)
        handed_to_all.clear()
    assert found == {few: (1, [(4, "v"), (5, "t")], few == 3) for few in (3, 2)}


def test_an_input_that_the_log_has_nearly_all_of_is_refused_with_what_to_do(
    spark: SparkSession, lake: Lake, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / "log.tsv").write_bytes(line("04T12:00:00") + line("04T12:05:00"))
    load(spark, lake, inbox, 0)
    (inbox / "log.tsv").write_bytes(line("04T12:00:00") + line("04T12:05:00") + line("05T12:00:00"))
    monkeypatch.setattr(history, "MOST_KNOWN", 1)
    with pytest.raises(DataError, match="2 of the listens are in the log already, allowed .* are 1: .* load=full"):
        load(spark, lake, inbox, 1)
    assert not Path(lake.partition(LISTENS, FIRST + timedelta(days=1))).exists()
    monkeypatch.setattr(history, "MOST_KNOWN", 2)
    assert load(spark, lake, inbox, 1)["log"]["listens"] == 3


def test_how_late_listens_are_is_counted(spark: SparkSession, lake: Lake, inbox: Path) -> None:
    load_first(spark, lake, inbox)
    times = ("05T00:00:00", "04T23:59:59", "03T12:00:00", "05T23:59:59", "06T10:00:00")
    late = b"".join(line(time, "late") for time in times) + line("05T08:00:00", "a year").replace(b"2009", b"2008")
    (inbox / "2.tsv").write_bytes(late)
    assert load(spark, lake, inbox, 1)["new"]["late"] == {
        "listens": 3,
        "most_days": 365,
        "up_to_1_days": 1,
        "up_to_7_days": 1,
        "up_to_30_days": 0,
        "up_to_365_days": 1,
        "later": 0,
    }


def load_first(spark: SparkSession, lake: Lake, inbox: Path) -> None:
    (inbox / "1.tsv").write_bytes(line("04T12:00:00"))
    load(spark, lake, inbox, 0)


def test_a_day_that_was_passed_over_is_missed(spark: SparkSession, lake: Lake, inbox: Path) -> None:
    load_first(spark, lake, inbox)
    with pytest.raises(MissingPartitionError, match="run the days from 2009-05-05 to 2009-05-06 first, in order"):
        load(spark, lake, inbox, 3)


def test_a_day_whose_base_is_gone_begins_no_log_of_its_own(spark: SparkSession, lake: Lake, inbox: Path) -> None:
    (inbox / "1.tsv").write_bytes(line("04T12:00:00"))
    load(spark, lake, inbox, 0)
    (inbox / "2.tsv").write_bytes(line("05T12:00:00"))
    load(spark, lake, inbox, 1)
    for dataset in (LISTENS, REJECTED_LISTENS, RUNS):
        shutil.rmtree(Path(lake.dataset(dataset)) / f"run_date={FIRST}")
    before = sorted(rows(lake, LISTENS, FIRST + timedelta(days=1)))
    with pytest.raises(MissingPartitionError, match="2009-05-05 was added to .* 2009-05-04, which are gone"):
        load(spark, lake, inbox, 1)
    assert sorted(rows(lake, LISTENS, FIRST + timedelta(days=1))) == before


def test_a_log_whose_listens_are_others_now_is_not_added_to(spark: SparkSession, lake: Lake, inbox: Path) -> None:
    load_first(spark, lake, inbox)
    load(spark, lake, inbox, 1)
    (inbox / "1.tsv").write_bytes(line("04T13:00:00"))
    load(spark, lake, inbox, 0)
    with pytest.raises(DamagedPartitionError, match="run_date=2009-05-04 .* it was made from the log"):
        load(spark, lake, inbox, 2)


def test_a_long_log_is_folded_into_one_partition_without_the_raw_input(
    spark: SparkSession, lake: Lake, inbox: Path
) -> None:
    for day in range(4):
        (inbox / f"{day}.tsv").write_bytes(line(f"0{4 + day}T12:00:00", f"song {day}"))
        record = load(spark, lake, inbox, day, fold_after=2)
        if day == 1:
            assert not record["folded"]
            for file in inbox.iterdir():
                stat = file.stat()
                file.write_bytes(b"")
                os.truncate(file, stat.st_size)
                os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        if day == 2:
            assert record["folded"]
            folded = rows(lake, FOLDED_LISTENS, FIRST + timedelta(days=2))
            assert sorted(row[5] for row in folded) == ["song 0", "song 1", "song 2"]
            # Run again where it would not be folded, it stays so: the next day may be made of it.
            assert load(spark, lake, inbox, day, fold_after=9)["folded"]
            assert rows(lake, FOLDED_LISTENS, FIRST + timedelta(days=2)) == folded
            # Not if it is damaged: the log is then read from what it is made of, and can be folded again.
            next(Path(lake.partition(FOLDED_LISTENS, FIRST + timedelta(days=2))).glob("*.parquet")).unlink()
            assert not load(spark, lake, inbox, day, fold_after=9)["folded"]
            assert load(spark, lake, inbox, day, fold_after=2)["folded"]
    # From then on the folded one is all there is of the days before.
    parts = [(part["dataset"], part["run_date"]) for part in record["lineage"]["parts"]]
    assert parts == [(FOLDED_LISTENS, "2009-05-06"), (LISTENS, "2009-05-07")]
