from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from spark_jobs.ranking.rankings import top_sessions, top_songs
from spark_jobs.ranking.sources import LISTENER_AND_TIME
from spark_jobs.shared.intervals import events_within
from tests.frames import frame_of, listens, sessions


def test_longest_has_most_tracks_then_earlier_start(
    spark: SparkSession,
) -> None:
    all_sessions = sessions(
        spark,
        ("v", "12:00:00", 5),
        ("u", "12:00:00", 5),
        ("w", "11:00:00", 5),
        ("x", "09:00:00", 4),
        ("y", "13:00:00", 9),
    )
    ranked = top_sessions(all_sessions, 4).select("rank", "session_id", "track_count")
    expected = frame_of(
        spark,
        [(1, "y-13:00:00", 9), (2, "w-11:00:00", 5), (3, "u-12:00:00", 5), (4, "v-12:00:00", 5)],
        "rank int, session_id string, track_count long",
    )
    assertDataFrameEqual(ranked, expected, checkRowOrder=True)


def test_fewer_sessions_than_asked_are_all_ranked(spark: SparkSession) -> None:
    ranked = top_sessions(sessions(spark, ("u", "12:00:00", 1)), 50)
    assert [(row.rank, row.user_id) for row in ranked.collect()] == [(1, "u")]


def test_listen_belongs_to_its_users_session(spark: SparkSession) -> None:
    all_listens = listens(
        spark,
        ("u", "11:59:59", "a", "before"),
        ("u", "12:00:00", "a", "first"),
        ("u", "13:00:00", "a", "last"),
        ("u", "13:00:01", "a", "after"),
        ("v", "12:30:00", "a", "another user's"),
    )
    intervals = sessions(spark, ("u", "12:00:00", 2), ("w", "12:00:00", 9))
    heard = events_within(intervals, all_listens, LISTENER_AND_TIME, "session_id")
    assert sorted((row.session_id, row.track_name) for row in heard.collect()) == [
        ("u-12:00:00", "first"),
        ("u-12:00:00", "last"),
    ]


def test_song_is_its_exact_artist_and_track_name(spark: SparkSession) -> None:
    played = listens(
        spark,
        ("u", "12:00:00", "The Killers", "Bonus Track"),
        ("u", "12:01:00", "the killers", "Bonus Track"),
        ("u", "12:02:00", "Everclear", "Bonus Track"),
        ("u", "12:03:00", "The Killers", "Bonus Track"),
    ).select("*", F.lit("s").alias("session"), F.lit("answer").alias("definition"), F.lit(None).alias("song_id"))
    counts = {(row.artist_name, row.play_count) for row in top_songs(played, 10).collect()}
    assert counts == {("The Killers", 2), ("the killers", 1), ("Everclear", 1)}


def test_ties_rank_by_sessions_then_listeners_then_names(spark: SparkSession) -> None:
    rows = [
        # song, plays as (user, session)
        ("B", "one session", [("u", 1), ("u", 1), ("u", 1)]),
        ("A", "two sessions, one listener", [("u", 1), ("u", 2), ("u", 2)]),
        ("Z", "two sessions, two listeners", [("u", 1), ("v", 3), ("v", 3)]),
        ("a", "one session", [("u", 1), ("u", 1), ("u", 1)]),
        ("B", "One session", [("u", 1), ("u", 1), ("u", 1)]),
        ("C", "one play more", [("u", 1), ("u", 1), ("u", 1), ("u", 1)]),
    ]
    played = frame_of(
        spark,
        [("d", user, artist, track, None, str(session)) for artist, track, plays in rows for user, session in plays],
        "definition string, user_id string, artist_name string, track_name string, song_id string, session string",
    )
    expected = frame_of(
        spark,
        [
            ("C", "one play more", 4, 1, 1, 1),
            ("Z", "two sessions, two listeners", 3, 2, 2, 2),
            ("A", "two sessions, one listener", 3, 2, 1, 3),
            ("B", "One session", 3, 1, 1, 4),
            ("B", "one session", 3, 1, 1, 5),
        ],
        "artist_name string, track_name string, play_count long, session_count long, listener_count long, rank int",
    )
    assertDataFrameEqual(top_songs(played, 5).select(expected.columns), expected, checkRowOrder=True)
