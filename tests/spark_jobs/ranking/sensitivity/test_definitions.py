from __future__ import annotations

from dataclasses import astuple
from datetime import date, timedelta
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from spark_jobs.logs.listening.tables import LISTENS, SESSIONS
from spark_jobs.ranking.rankings import top_sessions, top_songs
from spark_jobs.ranking.sensitivity import definitions, other_gaps
from spark_jobs.ranking.sources import LISTENER_AND_TIME, CutLog
from spark_jobs.ranking.start_window import last_days, started_in
from spark_jobs.ranking.tables import ALTERNATIVE_SONGS
from spark_jobs.shared.intervals import events_within
from spark_jobs.shared.scratch import scratch
from tests import model
from tests.frames import at, frame_of
from tests.logs import ARTIST_ID, START

TRACK_IDS = [None, "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"]
# Around both gaps that are tried, within and beyond those a run may have.
STEPS = [0, 60, 300, 599, 600, 601, 1199, 1200, 1201, 1800, 1801, 9000]


@st.composite
def listens(draw: st.DrawFn) -> list[model.Listen]:
    """Some users' listens, few songs under many spellings, and stretches that are implausibly fast."""
    found = []
    for user in draw(st.lists(st.sampled_from("uvwxyz"), min_size=1, unique=True)):
        moment = START
        steps = draw(st.lists(st.sampled_from(STEPS), max_size=30)) + [1] * draw(st.sampled_from([0, 0, 40]))
        for step in steps:
            moment += timedelta(seconds=step)
            song = (
                draw(st.sampled_from("aA\U0001f3b5")),
                draw(st.sampled_from(TRACK_IDS)),
                draw(st.sampled_from("tT")),
            )
            found.append(model.Listen(user, moment, ARTIST_ID, *song))
    return found


def stretch(user: str, start: str, *minutes: int, song: str = "t", track_id: str | None = None) -> list[model.Listen]:
    """Listens with pauses of some minutes after each other, the first without."""
    moments = [at(start) + timedelta(minutes=sum(minutes[:number])) for number in range(len(minutes) + 1)]
    return [model.Listen(user, moment, None, "a", track_id, song) for moment in moments]


def ranked(
    spark: SparkSession,
    log: list[model.Listen],
    gap: timedelta,
    sessions: int,
    songs: int,
    within: tuple[date, int] | None = None,
) -> list[tuple]:
    window = last_days(*within) if within else None
    all_listens = frame_of(spark, [astuple(listen) for listen in log], LISTENS.schema)
    cut = [astuple(session) for session in model.sessions_of(log, gap)]
    all_sessions = frame_of(spark, cut, SESSIONS.schema)
    longest = top_sessions(started_in(all_sessions, window), sessions)
    log_cut = CutLog(all_sessions, all_listens, gap)
    with scratch() as keep:
        chosen = definitions.alternative_sessions(longest, log_cut, sessions, keep, window)
        heard = events_within(chosen.select("*", "session.*"), all_listens, LISTENER_AND_TIME, "definition", "session")
        found = top_songs(heard.withColumn("song_id", definitions.song_id()), songs)
        in_order = found.orderBy(definitions.place(), "rank").select(*ALTERNATIVE_SONGS.schema.fieldNames())
        return [tuple(row) for row in in_order.collect()]


# The listens begin in the last half hour of 1 May. The window is that day, or begins with the next.
WINDOWS = [None, (date(2009, 5, 1), 1), (date(2009, 5, 2), 1)]


# A run's gap and its number of sessions; few, for Spark compiles what is new in each. 5 minutes: both other gaps join
# sessions. 20: one joins, one cuts. 45: both cut.
@given(
    log=listens(),
    run=st.sampled_from([(5, 2), (20, 1), (20, 3), (45, 2)]),
    within=st.sampled_from(WINDOWS),
    more=st.sampled_from([0, 1000]),
)
# The longest session falls apart, and of what is left of others one ties with its longest part, and wins.
@example(
    log=stretch("u", "12:00:00", 5, 15, 5, 15, 5) + stretch("v", "11:00:00", 5, song="T"),
    run=(20, 1),
    within=None,
    more=0,
)
# The same, and the longest part of all lies in the window, of a session that started before it.
@example(
    log=stretch("u", "12:00:00", 5, 15, 5, 15, 5) + stretch("v", "2009-04-30T23:50:00", 15, 1, 1, song="T"),
    run=(20, 1),
    within=(date(2009, 5, 1), 1),
    more=0,
)
# Two sessions are asked for and one started in the window; a shorter part in it is of one that started before.
@example(
    log=stretch("u", "12:00:00", 5, 5) + stretch("v", "2009-04-30T23:50:00", 15, song="T"),
    run=(20, 2),
    within=(date(2009, 5, 1), 1),
    more=0,
)
# A session that starts in the window has its longest part after it, and what it has within is shorter than another's.
@example(
    log=stretch("u", "23:50:00", 15, 1, 1) + stretch("v", "12:00:00", 5, song="T"),
    run=(20, 1),
    within=(date(2009, 5, 1), 1),
    more=0,
)
@example(log=[], run=(20, 3), within=(date(2009, 5, 1), 1), more=0)
def test_the_definitions_agree_with_the_plain_model(
    spark: SparkSession, log: list[model.Listen], run: tuple[int, int], within: tuple[date, int] | None, more: int
) -> None:
    gap, sessions = timedelta(minutes=run[0]), run[1]
    with patch.object(other_gaps, "MORE_SESSIONS", more):
        found = ranked(spark, log, gap, sessions, 4, within)
    assert found == model.alternative_songs(log, gap, sessions, 4, within)


def test_sessions_without_a_longest_part_stay_uncut(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = []
    real = other_gaps.events_within
    monkeypatch.setattr(other_gaps, "events_within", lambda *frames: cut.append(frames[0]) or real(*frames))
    monkeypatch.setattr(other_gaps, "MORE_SESSIONS", 0)
    log = [
        *stretch("u", "12:00:00", 5, 15, 5, 15),
        *stretch("v", "12:00:00", 5, 5),
        *stretch("w", "12:00:00", 15),
        *stretch("x", "12:00:00"),
    ]
    assert names(ranked(spark, log, timedelta(minutes=20), 1, 9), "gap_10_minutes") == ["t"]
    # The longest part of the longest session has two tracks; one of another has three.
    assert [sorted(row.user_id for row in sessions.collect()) for sessions in cut] == [["u"], ["u", "v", "w"]]


def names(rows: list[tuple], definition: str) -> list[str]:
    return [track_name for _, _, track_name, *_ in of(rows, definition)]


def test_each_definition_has_its_own_starts_of_sessions(spark: SparkSession) -> None:
    log = [
        # One session of the run's gap or a longer one, that of the day before; after 15 minutes another of 10 minutes.
        *stretch("u", "2009-04-30T23:50:00", song="before"),
        *stretch("u", "00:05:00", 1, song="part"),
        # Two sessions but for a gap of 30 minutes, by which it started on the day before.
        *stretch("v", "2009-04-30T23:40:00", song="before"),
        *stretch("v", "00:05:00", 1, 1, song="joined"),
        *stretch("w", "2009-05-01T23:59:59", song="last"),
        *stretch("x", "2009-05-02T00:00:00", song="after"),
    ]
    found = ranked(spark, log, timedelta(minutes=20), 9, 9, (date(2009, 5, 1), 1))
    assert {definition: names(found, definition) for definition in definitions.DEFINITIONS} == {
        "without_implausible_sessions": ["joined", "last"],
        "longest_by_duration": ["joined", "last"],
        "gap_10_minutes": ["joined", "part", "last"],
        "gap_30_minutes": ["last"],
        "songs_by_track_id": ["joined", "last"],
    }


def of(rows: list[tuple], definition: str) -> list[tuple]:
    return [row[1:] for row in rows if row[0] == definition]


def test_song_by_track_id_shows_its_commonest_names(spark: SparkSession) -> None:
    one, other = TRACK_IDS[1:]
    log = [
        *stretch("u", "12:00:00", 1, song="Live", track_id=one),
        *stretch("u", "12:10:00", song="live", track_id=one),
        *stretch("u", "12:15:00", song="Live", track_id=other),
        *stretch("u", "12:20:00", 1, song="Live"),
        *stretch("v", "12:00:00", song="b", track_id=other),
    ]
    assert of(ranked(spark, log, timedelta(minutes=20), 2, 10), "songs_by_track_id") == [
        (1, "a", "Live", 3, 1, 1),
        # Played as often under either name: the first in code point order.
        (2, "a", "Live", 2, 2, 2),
        (3, "a", "Live", 2, 1, 1),
    ]


@pytest.mark.parametrize(
    ("minutes", "left"),
    [
        pytest.param(10, ["gap_30_minutes"], id="10 minutes"),
        pytest.param(20, ["gap_10_minutes", "gap_30_minutes"], id="neither"),
        pytest.param(30, ["gap_10_minutes"], id="30 minutes"),
    ],
)
def test_the_runs_own_gap_is_left_out(minutes: int, left: list[str]) -> None:
    found = definitions.other_definitions(timedelta(minutes=minutes))
    assert found == ["without_implausible_sessions", "longest_by_duration", *left, "songs_by_track_id"]
