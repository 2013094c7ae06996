"""A ranking reuses its base: this saves work and leaves the answer as it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.ranking import job as ranking
from spark_jobs.ranking.job import RankingJob
from spark_jobs.ranking.sensitivity.growth import Growth
from spark_jobs.ranking.tables import ALTERNATIVE_SONGS, TOP_SONGS
from spark_jobs.session_analysis.job import SessionAnalysisJob
from spark_jobs.shared import loads
from spark_jobs.shared.lake import Lake
from tests.jobs import publish_run, run_data_quality, run_ranking, run_session_analysis
from tests.lake_reader import rows
from tests.logs import RUN_DATE

DAY = RUN_DATE + timedelta(days=1)


@pytest.fixture
def add(spark: SparkSession, lake: Lake, tmp_path: Path) -> Callable[..., None]:
    """Add listens of May 2009, `user day time song`, to the base, and cut it into sessions."""

    def add(run_date: date, *listens: str) -> None:
        log = tmp_path / "log.tsv"
        words = (listen.split() for listen in listens)
        log.write_text("".join(f"{user}\t2009-05-0{day}T{at}:00Z\t\tA\t\t{song}\n" for user, day, at, song in words))
        run_data_quality(spark, DataQualityJob(str(log), lake, run_date, load=loads.DAILY))
        run_session_analysis(spark, SessionAnalysisJob(lake, run_date))

    return add


def test_listens_of_unchanged_sessions_come_from_base(
    spark: SparkSession, lake: Lake, add: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_for: list[str] = []
    real = ranking.events_within

    def spy(intervals: DataFrame, *more: Any) -> DataFrame:
        looked_for.extend(sorted(row.user_id for row in intervals.collect()))
        return real(intervals, *more)

    def rank(run_date: date) -> list[str]:
        """The users whose listens are read."""
        looked_for.clear()
        run_ranking(spark, RankingJob(lake, run_date, alternatives=False))
        return list(looked_for)

    monkeypatch.setattr(ranking, "events_within", spy)
    add(RUN_DATE, "u 1 12:00 same", "u 1 12:09 same", "v 1 12:00 old", "v 1 12:09 old")
    assert rank(RUN_DATE) == ["u", "v"]
    publish_run(lake, RUN_DATE)
    # A late one within the session of v: it starts and ends as before.
    add(DAY, "v 1 12:05 late", "w 1 12:00 new")
    assert rank(DAY) == ["v", "w"]
    assert [row[2:4] for row in rows(lake, TOP_SONGS, DAY)] == [("old", 2), ("same", 2), ("late", 1), ("new", 1)]


def test_sessions_chosen_by_base_change_no_answer(
    spark: SparkSession, lake: Lake, add: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []
    real = Growth.longest

    def spy(*asked: Any) -> DataFrame | None:
        found = real(*asked)
        told.append(found is not None)
        return found

    def rank(run_date: date, window_days: int | None = None) -> tuple[list[bool], list[tuple]]:
        """Which of the other gaps the base told of, and what songs there are."""
        told.clear()
        run_ranking(spark, RankingJob(lake, run_date, top_sessions=2, window_days=window_days))
        return list(told), rows(lake, ALTERNATIVE_SONGS, run_date)

    monkeypatch.setattr(Growth, "longest", spy)
    add(RUN_DATE, "u 1 12:00 a", "u 1 12:15 a", "u 1 12:40 b", "v 1 12:00 c", "v 1 12:05 c", "w 1 12:00 d")
    rank(RUN_DATE)
    publish_run(lake, RUN_DATE)
    # By half an hour the late ones are one with what was there; by ten minutes the longest is of a day that is new.
    add(DAY, "w 1 12:25 e", "w 1 12:26 e", "x 2 12:00 f", "x 2 12:05 f", "x 2 12:10 f")

    both_told, songs = rank(DAY)
    assert both_told == [True, True]
    # As if all had been read at once.
    monkeypatch.setattr(ranking, "read_growth", lambda *_: None)
    assert rank(DAY) == ([], songs)
    monkeypatch.undo()
    monkeypatch.setattr(Growth, "longest", spy)
    # In the last three days no session started: what was chosen before must not be.
    assert rank(DAY, window_days=3) == ([], [])


@pytest.mark.parametrize("asked", [{"alternatives": False}, {"window_days": 9}])
def test_base_without_the_definition_is_not_used(
    spark: SparkSession, lake: Lake, add: Callable[..., None], asked: dict[str, Any]
) -> None:
    add(RUN_DATE, "u 1 12:00 a", "u 1 12:15 a", "u 1 12:40 b", "v 1 12:00 c", "v 1 12:05 c", "w 1 12:00 d")
    run_ranking(spark, RankingJob(lake, RUN_DATE, top_sessions=1, **asked))
    publish_run(lake, RUN_DATE)
    add(DAY, "x 2 12:00 f")
    run_ranking(spark, RankingJob(lake, DAY, top_sessions=1))
    by_half_an_hour = [row[3] for row in rows(lake, ALTERNATIVE_SONGS, DAY) if row[0] == "gap_30_minutes"]
    assert by_half_an_hour == ["a", "b"]
