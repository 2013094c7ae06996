"""A log that arrives by the day, against the plain model: as if all of it had been read at once."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple
from datetime import date, timedelta
from pathlib import Path

from pyspark.sql import SparkSession

from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.data_quality.job import run as run_data_quality
from spark_jobs.ranking.job import RankingJob
from spark_jobs.ranking.job import run as run_ranking
from spark_jobs.session_analysis.job import SessionAnalysisJob
from spark_jobs.session_analysis.job import run as run_session_analysis
from spark_jobs.shared import lineage
from spark_jobs.shared.lake import ALTERNATIVE_SONGS, SESSIONS, TOP_SESSIONS, TOP_SONGS, Lake
from tests import model
from tests.lake_reader import rows
from tests.logs import GAP

FIRST = date(2009, 5, 4)


def run_day(spark: SparkSession, lake: Lake, log: Path, day: date, load: str = lineage.DAILY, fold_after: int = 31):
    record = run_data_quality(spark, DataQualityJob(str(log), lake, day, load=load, fold_after=fold_after))
    run_session_analysis(spark, SessionAnalysisJob(lake, day, GAP))
    run_ranking(spark, RankingJob(lake, day, top_sessions=3, top_songs=4))
    return record


def line(user: str, moment: str, song: str) -> bytes:
    return f"{user}\t{moment}Z\t\tartist\t\t{song}\n".encode()


def test_days_add_up_to_the_whole_log(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    days = [
        line("u", "2009-05-04T23:50:00", "a") + line("v", "2009-05-04T10:00:00", "a"),
        line("u", "2009-05-05T00:05:00", "b") + line("v", "2009-05-04T10:00:00", "a"),
        b"",
        line("u", "2009-05-05T00:20:00", "b") + line("v", "2009-05-04T09:50:00", "c"),
    ]
    for number, text in enumerate(days):
        (tmp_path / f"{number}.tsv").write_bytes(text)
        record = run_day(spark, lake, tmp_path / f"{number}.tsv", FIRST + timedelta(days=number), fold_after=3)
        judged = model.judge(b"".join(days[: number + 1]), FIRST + timedelta(days=number))
        sessions = model.sessions_of(judged.listens, GAP)
        day = FIRST + timedelta(days=number)
        assert Counter(rows(lake, SESSIONS, day)) == Counter(astuple(session) for session in sessions)
        longest = model.top_sessions(sessions, 3)
        assert rows(lake, TOP_SESSIONS, day) == [(rank, *astuple(one)) for rank, one in enumerate(longest, 1)]
        songs = model.top_songs(sessions, longest, 4)
        assert rows(lake, TOP_SONGS, day) == [astuple(song) for song in songs]
        assert rows(lake, ALTERNATIVE_SONGS, day) == model.alternative_songs(judged.listens, GAP, 3, 4)
