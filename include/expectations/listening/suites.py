"""What must hold for listens, their sessions and the top songs, beside what must hold for every log."""

from __future__ import annotations

from datetime import date

import great_expectations.expectations as gxe
from great_expectations import ExpectationSuite

from include.deployment.log_settings import LogSettings
from include.deployment.run_date import last_days
from include.expectations.claims import CRITICAL, INFO, WARNING, at_least, at_most, has_schema, never_null
from spark_jobs.ranking.tables import TOP_SONGS


def missing_ids(limits: LogSettings) -> list[gxe.Expectation]:
    """Few listens lack a MusicBrainz id."""
    artists, tracks = limits.maximum_missing_artist_id_percent, limits.maximum_missing_track_id_percent
    return [
        at_most(
            "missing_artist_id_percent", artists, f"at most {artists:g} % of the listens have no artist id", WARNING
        ),
        at_most("missing_track_id_percent", tracks, f"at most {tracks:g} % of the listens have no track id", WARNING),
    ]


def name_lengths(limits: LogSettings) -> list[gxe.Expectation]:
    """No name is so long that two lines may have become one."""
    return [
        gxe.ExpectColumnValueLengthsToBeBetween(
            column=column,
            min_value=1,
            max_value=limits.maximum_name_length,
            severity=WARNING,
            description=f"{column} has at most {limits.maximum_name_length} characters",
        )
        for column in ("artist_name", "track_name")
    ]


def volume(previous: date | None, limits: LogSettings) -> ExpectationSuite:
    """The log has grown with time: its newest listen is new, and it has about as many as at the run before."""
    days, percent = limits.maximum_newest_listen_age_days, limits.minimum_listens_percent_of_previous
    age = at_most(
        "newest_listen_age_days",
        days,
        f"the newest listen is at most {days:g} days before the end of the run date",
        WARNING,
    )
    size = at_least(
        "listens_percent_of_previous",
        percent,
        f"there are at least {percent:g} % of the listens of run date {previous}",
        WARNING,
    )
    return ExpectationSuite("volume", expectations=[age, size] if previous else [age])


def user_ids(limits: LogSettings) -> gxe.Expectation:
    """User ids have the form that they have in this log."""
    # Of the sessions: every user of a listen has one, there are a twentieth of them, and a regular expression is dear.
    return gxe.ExpectColumnValuesToMatchRegex(
        column="user_id",
        regex=limits.user_id_pattern,
        severity=WARNING,
        description=f"user ids have the form {limits.user_id_pattern}",
    )


def length_and_speed(limits: LogSettings) -> list[gxe.Expectation]:
    """Sessions are as long and as fast as people listen."""
    low, high = limits.minimum_mean_session_tracks, limits.maximum_mean_session_tracks
    minutes, speed = limits.maximum_median_session_minutes, limits.maximum_p99_session_tracks_per_minute
    implausible = limits.maximum_implausible_sessions_percent
    mean = gxe.ExpectColumnMeanToBeBetween(
        column="mean_tracks",
        min_value=low,
        max_value=high,
        severity=WARNING,
        description=f"a session has {low:g} to {high:g} tracks on average",
    )
    return [
        mean,
        at_most("median_minutes", minutes, f"half the sessions last at most {minutes:g} minutes", WARNING),
        at_most(
            "p99_tracks_per_minute", speed, f"99 % of the sessions have at most {speed:g} tracks a minute", WARNING
        ),
        at_most(
            "implausible_percent", implausible, f"at most {implausible:g} % of the sessions are implausible", WARNING
        ),
    ]


def users_gone(previous: date, limits: LogSettings) -> gxe.Expectation:
    """Nearly all users of the run date before still have a session."""
    gone = limits.maximum_users_gone_percent
    return at_most(
        "users_gone_percent", gone, f"at most {gone:g} % of the users of run date {previous} are gone", WARNING
    )


def top_songs(
    songs: int, window_days: int | None = None, no_listens: bool = False, is_day_without: bool = False
) -> ExpectationSuite:
    """The ranks are 1 to n, each once; n is not 0.

    An answer may lack songs if no session started in the last `window_days`, or if the log has `no_listens` yet. That
    is a warning, on a day without listens a flag. Otherwise every session may be ranked, so a song must be there.
    """
    where = f", of a session that started {last_days(window_days)}" if window_days else ""
    if_none = INFO if is_day_without else WARNING
    there_is_one = gxe.ExpectTableRowCountToBeBetween(
        min_value=1, severity=if_none if window_days or no_listens else CRITICAL, description=f"there is a song{where}"
    )
    in_range = gxe.ExpectColumnValuesToBeBetween(
        column="rank", min_value=1, max_value=songs, description=f"ranks are 1 to {songs}"
    )
    return ExpectationSuite(
        "top_songs",
        expectations=[
            *has_schema(TOP_SONGS.schema),
            *never_null(*TOP_SONGS.schema.fieldNames()),
            # Unique, none below 1, none above n, n of them: that is 1 to n without holes.
            gxe.ExpectTableRowCountToEqual(value=songs, description=f"there are {songs} songs"),
            gxe.ExpectColumnValuesToBeUnique(column="rank", description="each rank is there once"),
            # Of no song there is no rank, and Great Expectations could check no range from 1 to 0.
            *([in_range] if songs else []),
            there_is_one,
        ],
    )


def order_and_flags() -> ExpectationSuite:
    """No song was played more often than the one before it; and what a reader of the answer wants to know.

    The flags make the answer no worse.
    """
    return ExpectationSuite(
        "order_and_flags",
        expectations=[
            at_most("plays_above_those_of_the_rank_before", 0, "plays never increase with the rank"),
            at_most("implausible_top_sessions", 0, "no top session is implausible", INFO),
            at_most("songs_of_one_session", 0, "no top song is owed to one session alone", INFO),
            at_most("songs_of_one_listener", 0, "no top song is owed to one listener alone", INFO),
        ],
    )
