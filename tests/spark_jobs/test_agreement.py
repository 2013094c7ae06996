"""The three jobs and the plain model, on logs that Hypothesis makes."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from dataclasses import astuple
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from include.sample_data.listening import generate_log
from include.sample_data.listening.odd_lines import ODD_LINES
from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.logs.listening.tables import LISTENS, REJECTED_RECORDS, SESSIONS
from spark_jobs.ranking.job import RankingJob
from spark_jobs.ranking.tables import ALTERNATIVE_SONGS, TOP_SESSIONS, TOP_SONGS
from spark_jobs.session_analysis.job import SessionAnalysisJob
from spark_jobs.shared.errors import EmptyInputError
from spark_jobs.shared.lake import Lake
from tests import model
from tests.jobs import run_data_quality, run_ranking, run_session_analysis
from tests.lake_reader import rows
from tests.logs import GAP, RUN_DATE, logs


# The listens begin on 1 May; RUN_DATE is the 4th.
@given(log=logs(), window_days=st.sampled_from([None, 3, 2]))
@example(log=b"\n".join(ODD_LINES), window_days=None)
@example(log=b"\xef\xbb\xbf", window_days=None)
@example(log=b"\n\n", window_days=1)
def test_the_jobs_agree_with_the_plain_model(
    spark: SparkSession, tmp_path: Path, log: bytes, window_days: int | None
) -> None:
    """Listens, rejected lines, counts, sessions and both rankings, whole and to the letter."""
    lake, file = Lake(str(tmp_path / "lake"), "listening"), tmp_path / "log.tsv"
    shutil.rmtree(lake.root, ignore_errors=True)
    file.write_bytes(log)

    if not model.lines_of(log):
        with pytest.raises(EmptyInputError, match="holds no line"):
            run_data_quality(spark, DataQualityJob(str(file), lake, RUN_DATE))
        return
    figures = run_data_quality(spark, DataQualityJob(str(file), lake, RUN_DATE))
    run_session_analysis(spark, SessionAnalysisJob(lake, RUN_DATE, GAP))
    run_ranking(spark, RankingJob(lake, RUN_DATE, top_sessions=3, top_songs=4, window_days=window_days))

    judged = model.judge(log, RUN_DATE)
    assert Counter(rows(lake, LISTENS, RUN_DATE)) == Counter(astuple(listen) for listen in judged.listens)
    rejected = [(line, reason) for line, reason, _ in rows(lake, REJECTED_RECORDS, RUN_DATE)]
    assert Counter(rejected) == Counter(judged.rejected)
    assert +Counter(figures.rejected) == judged.reasons
    assert +Counter(figures.warnings) == judged.warnings
    assert figures.counts.records_read == len(model.lines_of(log)) == len(judged.listens) + len(judged.rejected)

    sessions = model.sessions_of(judged.listens, GAP)
    assert Counter(rows(lake, SESSIONS, RUN_DATE)) == Counter(astuple(session) for session in sessions)
    within = (RUN_DATE, window_days) if window_days else None
    longest = model.top_sessions(model.started_in_time(sessions, within), 3)
    assert rows(lake, TOP_SESSIONS, RUN_DATE) == [(rank, *astuple(one)) for rank, one in enumerate(longest, 1)]
    songs = model.top_songs(sessions, longest, 4)
    assert rows(lake, TOP_SONGS, RUN_DATE) == [astuple(song) for song in songs]
    assert rows(lake, ALTERNATIVE_SONGS, RUN_DATE) == model.alternative_songs(judged.listens, GAP, 3, 4, within)


def test_alternative_gap_ranks_like_its_own_run(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    log = tmp_path / "log.tsv"
    generate_log.main([str(log), "--listens", "3000", "--users", "12", "--newest", f"{RUN_DATE}T22:00:00Z"])
    run_data_quality(spark, DataQualityJob(str(log), lake, RUN_DATE))
    answers, alternatives = {}, {}
    for minutes in (10, 20, 30):
        gap = timedelta(minutes=minutes)
        run_session_analysis(spark, SessionAnalysisJob(lake, RUN_DATE, gap))
        run_ranking(spark, RankingJob(lake, RUN_DATE, top_sessions=100, top_songs=100, gap=gap))
        answers[minutes] = rows(lake, TOP_SONGS, RUN_DATE)
        alternatives[minutes] = defaultdict(list)
        for definition, *song in rows(lake, ALTERNATIVE_SONGS, RUN_DATE):
            alternatives[minutes][definition].append(tuple(song))
    assert answers[10] != answers[20] != answers[30] != answers[10]
    for gap, other in ((20, 10), (30, 10), (10, 30), (20, 30)):
        assert alternatives[gap][f"gap_{other}_minutes"] == answers[other], (gap, other)
