"""What a ranking takes over from the one of the day before, and that the answer is the same without it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession

from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.data_quality.job import run as run_data_quality
from spark_jobs.ranking import job as ranking
from spark_jobs.ranking.growth import Growth
from spark_jobs.ranking.job import RankingJob, run
from spark_jobs.session_analysis.job import SessionAnalysisJob
from spark_jobs.session_analysis.job import run as run_session_analysis
from spark_jobs.shared import lineage, marks
from spark_jobs.shared.lake import ALTERNATIVE_SONGS, CHOSEN_LISTENS, CHOSEN_SESSIONS, SESSIONS, TOP_SONGS, Lake
from tests.lake_reader import rows
from tests.logs import RUN_DATE

DAY = RUN_DATE + timedelta(days=1)


@pytest.fixture
def add(spark: SparkSession, lake: Lake, tmp_path: Path) -> Callable[..., None]:
    """Add listens of May 2009, `user day time song`, to the log of the day before, and cut it into sessions."""

    def add(run_date: date, *listens: str) -> None:
        log = tmp_path / "log.tsv"
        words = (listen.split() for listen in listens)
        log.write_text("".join(f"{user}\t2009-05-0{day}T{at}:00Z\t\tA\t\t{song}\n" for user, day, at, song in words))
        run_data_quality(spark, DataQualityJob(str(log), lake, run_date, load=lineage.DAILY))
        run_session_analysis(spark, SessionAnalysisJob(lake, run_date))

    return add


def test_listens_of_sessions_that_have_not_changed_since_the_day_before_are_not_looked_for_again(
    spark: SparkSession, lake: Lake, add: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_for: list[str] = []
    real = ranking.listens_within

    def spy(spans: DataFrame, *more: Any) -> DataFrame:
        looked_for.extend(sorted(row.user_id for row in spans.collect()))
        return real(spans, *more)

    def rank(run_date: date) -> list[str]:
        """Whose sessions' listens are looked for."""
        looked_for.clear()
        run(spark, RankingJob(lake, run_date, alternatives=False))
        return list(looked_for)

    monkeypatch.setattr(ranking, "listens_within", spy)
    add(RUN_DATE, "u 1 12:00 same", "u 1 12:09 same", "v 1 12:00 old", "v 1 12:09 old")
    assert rank(RUN_DATE) == ["u", "v"]
    # A late one within the session of v: it starts and ends as before.
    add(DAY, "v 1 12:05 late", "w 1 12:00 new")
    assert rank(DAY) == ["v", "w"]
    answer = rows(lake, TOP_SONGS, DAY)
    assert [row[2:4] for row in answer] == [("old", 2), ("same", 2), ("late", 1), ("new", 1)]
    # What cannot be taken over is looked for.
    before = Path(lake.partition(CHOSEN_LISTENS, RUN_DATE))
    for spoil in (of_another_log, of_no_log_that_it_names, with_another_column, shutil.rmtree):
        spoil(before)
        assert rank(DAY) == ["u", "v", "w"], spoil
        assert rows(lake, TOP_SONGS, DAY) == answer


def of_another_log(partition: Path) -> None:
    mark(partition, "another")


def of_no_log_that_it_names(partition: Path) -> None:
    mark(partition, "")


def with_another_column(partition: Path) -> None:
    for file in partition.glob("*.parquet"):
        file.with_name(f".{file.name}.crc").unlink()
        table = pq.ParquetFile(file).read()
        pq.write_table(table.rename_columns({"track_id": "song_id"}).replace_schema_metadata(), file)
    # The sessions are of the same log.
    mark(partition, marks.local_log_id(partition.parents[1] / SESSIONS / partition.name))


def mark(partition: Path, log_id: str) -> None:
    """Mark the files that are there as whole."""
    (partition / f".{marks.MARK}.crc").unlink(missing_ok=True)
    sizes = {file.name: file.stat().st_size for file in partition.glob("*.parquet")}
    (partition / marks.MARK).write_text(marks.mark_of(sizes, log_id))


def test_what_the_day_before_has_chosen_saves_work_and_changes_nothing(
    spark: SparkSession, lake: Lake, add: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []
    real = Growth.longest

    def spy(*asked: Any) -> DataFrame | None:
        found = real(*asked)
        told.append(found is not None)
        return found

    def rank(run_date: date, window_days: int | None = None) -> tuple[list[bool], list[tuple]]:
        """Which of the other gaps the day before told of, and what songs there are."""
        told.clear()
        run(spark, RankingJob(lake, run_date, top_sessions=2, window_days=window_days))
        return list(told), rows(lake, ALTERNATIVE_SONGS, run_date)

    monkeypatch.setattr(Growth, "longest", spy)
    add(RUN_DATE, "u 1 12:00 a", "u 1 12:15 a", "u 1 12:40 b", "v 1 12:00 c", "v 1 12:05 c", "w 1 12:00 d")
    rank(RUN_DATE)
    # By half an hour the late ones are one with what was there; by ten minutes the longest is of a day that is new.
    add(DAY, "w 1 12:25 e", "w 1 12:26 e", "x 2 12:00 f", "x 2 12:05 f", "x 2 12:10 f")

    both_told, songs = rank(DAY)
    assert both_told == [True, True]
    # In the last three days no session started: what was chosen before must not be.
    assert rank(DAY, window_days=3) == ([], [])
    shutil.rmtree(lake.partition(CHOSEN_SESSIONS, RUN_DATE))
    assert rank(DAY) == ([], songs)
