"""Each suite of figures accepts what is at its limit, and tells what is past it, and what that means for the run."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from great_expectations import ExpectationSuite

from include.expectations.any_log import suites as any_log
from include.expectations.listening import suites
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.shared.records import DataQualityRecord
from tests.include.expectations.listening.judging import LIMITS, MAXIMUM, MINIMUM, failed, judged

YESTERDAY = date(2009, 5, 3)
QUALITY = {
    "quality_score": 95.0,
    "events_accepted": 19,
    "records_accepted": 19,
    "records_rejected": 1,
    "repeated_events": 0,
    "events_in_table": 19,
    "rejected_in_table": 1,
    "missing_artist_id_percent": 10.0,
    "missing_track_id_percent": 35.0,
}
VOLUME = {"newest_listen_age_days": 2.0, "listens_percent_of_previous": 50.0}
SHAPE = {
    "repeated_session_ids": 0,
    "sessions_ending_before_start": 0,
    "mean_tracks": 4.0,
    "median_minutes": 240.0,
    "p99_tracks_per_minute": 3.0,
    "implausible_percent": 0.5,
    "users_gone_percent": 5.0,
}
FLAGS = {
    "plays_above_those_of_the_rank_before": 0,
    "implausible_top_sessions": 0,
    "songs_of_one_session": 0,
    "songs_of_one_listener": 0,
}


def of_counts(record: DataQualityRecord, minimum_quality_score: float = 95) -> ExpectationSuite:
    suite = any_log.data_quality(LISTENING, record, minimum_quality_score, LIMITS)
    return ExpectationSuite("data_quality", expectations=[*suite.expectations, *suites.missing_ids(LIMITS)])


def of_shape(previous: date | None) -> ExpectationSuite:
    gone = [suites.users_gone(previous, LIMITS)] if previous else []
    own = [*suites.length_and_speed(LIMITS), *gone]
    return ExpectationSuite("session_shape", expectations=[*any_log.session_shape().expectations, *own])


def test_counts_at_their_limits_meet_their_suites(tmp_path: Path) -> None:
    assert failed(pd.DataFrame([QUALITY]), of_counts(judged()), tmp_path) == []
    assert failed(pd.DataFrame([VOLUME]), suites.volume(YESTERDAY, LIMITS), tmp_path) == []
    assert failed(pd.DataFrame([SHAPE]), of_shape(YESTERDAY), tmp_path) == []
    assert failed(pd.DataFrame([FLAGS]), suites.order_and_flags(), tmp_path) == []


def test_daily_load_may_be_empty_full_load_not(tmp_path: Path) -> None:
    none = dict.fromkeys(("events_accepted", "records_accepted", "records_rejected", "rejected_in_table"), 0)
    empty = pd.DataFrame([{**QUALITY, "quality_score": 100.0, **none}])
    assert failed(empty, of_counts(judged(read=0, rejected=0, load="daily")), tmp_path) == [
        ("info", f"data_quality: expected: at least one record is accepted; found 0 ({MINIMUM})")
    ]
    assert failed(empty, of_counts(judged(read=0, rejected=0)), tmp_path) == [
        ("critical", f"data_quality: expected: at least one record is accepted; found 0 ({MINIMUM})")
    ]


@pytest.mark.parametrize(
    ("figures", "suite", "expected"),
    [
        pytest.param(
            {**QUALITY, "quality_score": 94.99},
            of_counts(judged()),
            [("warning", f"data_quality: expected: the quality score is at least 95; found 94.99 ({MINIMUM})")],
            id="a score below the minimum degrades",
        ),
        pytest.param(
            {**QUALITY, "quality_score": 89.99},
            of_counts(judged(), 80),
            [
                (
                    "critical",
                    "data_quality: expected: the quality score is at least 90, below which every run stops; "
                    f"found 89.99 ({MINIMUM})",
                )
            ],
            id="a score below the last one stops, whatever the minimum",
        ),
        pytest.param(
            QUALITY,
            of_counts(judged(read=21)),
            [
                (
                    "critical",
                    "data_quality: expected: records accepted and rejected are the 21 read; found 1 of 1 rows "
                    "unexpected, such as {'records_accepted': 19, 'records_rejected': 1} "
                    "(expect_multicolumn_sum_to_equal)",
                )
            ],
            id="a lost line stops",
        ),
        pytest.param(
            {**QUALITY, "repeated_events": 1},
            of_counts(judged()),
            [("critical", f"data_quality: expected: none of the listens is there twice; found 1 ({MAXIMUM})")],
            id="a listen that is there twice stops",
        ),
        pytest.param(
            {**QUALITY, "missing_artist_id_percent": 10.1, "missing_track_id_percent": 35.1},
            of_counts(judged()),
            [
                (
                    "warning",
                    f"data_quality: expected: at most 10 % of the listens have no artist id; found 10.1 ({MAXIMUM})",
                ),
                (
                    "warning",
                    f"data_quality: expected: at most 35 % of the listens have no track id; found 35.1 ({MAXIMUM})",
                ),
            ],
            id="missing ids degrade",
        ),
        pytest.param(
            {"newest_listen_age_days": 2.1, "listens_percent_of_previous": 49.9},
            suites.volume(YESTERDAY, LIMITS),
            [
                (
                    "warning",
                    "volume: expected: the newest listen is at most 2 days before the end of the run date; "
                    f"found 2.1 ({MAXIMUM})",
                ),
                (
                    "warning",
                    "volume: expected: there are at least 50 % of the listens of run date 2009-05-03; "
                    f"found 49.9 ({MINIMUM})",
                ),
            ],
            id="an old log and a small one degrade",
        ),
        pytest.param(
            {
                "repeated_session_ids": 1,
                "sessions_ending_before_start": 2,
                "mean_tracks": 3.9,
                "median_minutes": 241.0,
                "p99_tracks_per_minute": 3.1,
                "implausible_percent": 0.6,
                "users_gone_percent": 5.1,
            },
            of_shape(YESTERDAY),
            [
                ("critical", f"session_shape: expected: each session_id is there once; found 1 ({MAXIMUM})"),
                ("critical", f"session_shape: expected: no session ends before it starts; found 2 ({MAXIMUM})"),
                (
                    "warning",
                    "session_shape: expected: a session has 4 to 80 tracks on average; found 3.9 "
                    "(expect_column_mean_to_be_between)",
                ),
                (
                    "warning",
                    f"session_shape: expected: half the sessions last at most 240 minutes; found 241 ({MAXIMUM})",
                ),
                (
                    "warning",
                    "session_shape: expected: 99 % of the sessions have at most 3 tracks a minute; "
                    f"found 3.1 ({MAXIMUM})",
                ),
                (
                    "warning",
                    f"session_shape: expected: at most 0.5 % of the sessions are implausible; found 0.6 ({MAXIMUM})",
                ),
                (
                    "warning",
                    "session_shape: expected: at most 5 % of the users of run date 2009-05-03 are gone; "
                    f"found 5.1 ({MAXIMUM})",
                ),
            ],
            id="sessions that cannot be stop the run, such as nobody has and users that are gone degrade",
        ),
        pytest.param(
            {**FLAGS, "implausible_top_sessions": 1, "songs_of_one_session": 2, "songs_of_one_listener": 3},
            suites.order_and_flags(),
            [
                ("info", f"order_and_flags: expected: no top session is implausible; found 1 ({MAXIMUM})"),
                ("info", f"order_and_flags: expected: no top song is owed to one session alone; found 2 ({MAXIMUM})"),
                ("info", f"order_and_flags: expected: no top song is owed to one listener alone; found 3 ({MAXIMUM})"),
            ],
            id="an answer that few made is flagged",
        ),
        pytest.param(
            {**FLAGS, "plays_above_those_of_the_rank_before": 1},
            suites.order_and_flags(),
            [("critical", f"order_and_flags: expected: plays never increase with the rank; found 1 ({MAXIMUM})")],
            id="plays that increase with the rank stop the run",
        ),
        pytest.param(
            {**QUALITY, "events_in_table": 18},
            of_counts(judged()),
            [
                (
                    "critical",
                    "data_quality: expected: the table has the 19 listens of the log; found 18 "
                    "(expect_column_sum_to_be_between)",
                )
            ],
            id="a table that lacks listens of the log stops the run",
        ),
        pytest.param(
            {**QUALITY, "rejected_in_table": 0},
            of_counts(judged()),
            [
                (
                    "critical",
                    "data_quality: expected: rejected_records has all records rejected, 1; found 0 "
                    "(expect_column_sum_to_be_between)",
                )
            ],
            id="a table that lacks a rejected line stops the run",
        ),
    ],
)
def test_bad_counts_are_named_with_their_severity(
    figures: dict[str, float], suite: ExpectationSuite, expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    assert failed(pd.DataFrame([figures]), suite, tmp_path) == expected


def test_a_first_run_is_compared_with_no_other(tmp_path: Path) -> None:
    assert failed(pd.DataFrame([{"newest_listen_age_days": 1.0}]), suites.volume(None, LIMITS), tmp_path) == []
    first = {name: value for name, value in SHAPE.items() if name != "users_gone_percent"}
    assert failed(pd.DataFrame([first]), of_shape(None), tmp_path) == []
