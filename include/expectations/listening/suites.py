"""What must hold for each table of a run: one function, one Great Expectations suite.

A failed expectation does what its severity says. `critical`: the run stops. `warning`: the run goes on and its answer
is marked as degraded. `info`: the report shows a flag, and the answer is as good as before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time

import great_expectations.expectations as gxe
from great_expectations import ExpectationSuite

from include.deployment.log_settings import LogSettings
from include.deployment.run_date import last_days
from include.expectations.claims import CRITICAL, INFO, WARNING, at_least, at_most, has_schema, never_null
from spark_jobs.logs.listening.contract import PLAUSIBLE
from spark_jobs.shared import schemas


def listens(run_date: date, listens_kept: int, limits: LogSettings) -> ExpectationSuite:
    """The listens have their columns, no null where none may be, plausible times, and are all there."""
    plausible_times = gxe.ExpectColumnValuesToBeBetween(
        column="listened_at",
        min_value=_midnight(PLAUSIBLE.since),
        max_value=_midnight(PLAUSIBLE.before(run_date)),
        strict_max=True,
        description="times are from 2002 on and not past the day after the run date",
    )
    always_known = ("user_id", "listened_at", "artist_name", "track_name")
    lengths = [
        gxe.ExpectColumnValueLengthsToBeBetween(
            column=column,
            min_value=1,
            max_value=limits.maximum_name_length,
            severity=WARNING,
            description=f"{column} has at most {limits.maximum_name_length} characters",
        )
        for column in ("artist_name", "track_name")
    ]
    return ExpectationSuite(
        "listens",
        expectations=[
            *has_schema(schemas.LISTENS),
            *never_null(*always_known),
            plausible_times,
            gxe.ExpectTableRowCountToEqual(value=listens_kept, description="every listen kept is there"),
            *lengths,
        ],
    )


def data_quality(
    minimum_quality_score: float, rows: Mapping[str, int], listens: int, limits: LogSettings, may_be_empty: bool = False
) -> ExpectationSuite:
    """Enough lines became listens, every line became one or was rejected, and few MusicBrainz ids are missing.

    `rows` are the counts of the run's record. The tables have the lines that were rejected, and all `listens` of the
    log, those of earlier dates too.
    An input that `may_be_empty`, what a day adds, gets a flag when it has no listen; any other stops the run.
    """
    any_listen = at_least("listens_kept", 1, "at least one line is a listen", INFO if may_be_empty else CRITICAL)
    stop, minimum, rejected = limits.stop_quality_score, minimum_quality_score, rows["lines_rejected"]
    artists, tracks = limits.maximum_missing_artist_id_percent, limits.maximum_missing_track_id_percent
    return ExpectationSuite(
        "data_quality",
        expectations=[
            at_least("quality_score", stop, f"the quality score is at least {stop:g}, below which every run stops"),
            any_listen,
            at_most("repeated_listens", 0, "no listen is there twice"),
            _sum("listens_in_table", listens, f"the table has the {listens} listens of the log"),
            _sum("rejected_in_table", rejected, f"rejected_records has all lines rejected, {rejected}"),
            gxe.ExpectMulticolumnSumToEqual(
                column_list=["listens_kept", "lines_rejected"],
                sum_total=rows["lines_read"],
                description=f"listens kept and lines rejected are the {rows['lines_read']} lines read",
            ),
            at_least("quality_score", minimum, f"the quality score is at least {minimum:g}", WARNING),
            at_most(
                "missing_artist_id_percent", artists, f"at most {artists:g} % of the listens have no artist id", WARNING
            ),
            at_most(
                "missing_track_id_percent", tracks, f"at most {tracks:g} % of the listens have no track id", WARNING
            ),
        ],
    )


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


def sessions(listens_kept: int, limits: LogSettings) -> ExpectationSuite:
    """Sessions have their columns, no null, and at least one track each; together they hold all listens.

    A log without a listen has no session.
    """
    # Every user of a listen has a session: of those there are a twentieth, and a regular expression is dear.
    user_ids = gxe.ExpectColumnValuesToMatchRegex(
        column="user_id",
        regex=limits.user_id_pattern,
        severity=WARNING,
        description=f"user ids have the form {limits.user_id_pattern}",
    )
    return ExpectationSuite(
        "sessions",
        expectations=[
            *has_schema(schemas.SESSIONS),
            *never_null(*schemas.SESSIONS.fieldNames()),
            *(_hold_all(listens_kept) if listens_kept else [_no_session()]),
            user_ids,
        ],
    )


def _hold_all(listens: int) -> list[gxe.Expectation]:
    return [
        at_least("track_count", 1, "every session has a track"),
        _sum("track_count", listens, f"all sessions together have the {listens} listens kept"),
    ]


def _no_session() -> gxe.Expectation:
    # Great Expectations takes a column without a row as below every minimum, and its sum as not 0.
    return gxe.ExpectTableRowCountToEqual(value=0, description="of no listen there is no session")


def session_shape(previous: date | None, limits: LogSettings, no_sessions: bool = False) -> ExpectationSuite:
    """Sessions are told apart and whole, as long and as fast as people listen, of the users of the run before.

    `no_sessions` have no length and no speed.
    """
    low, high = limits.minimum_mean_session_tracks, limits.maximum_mean_session_tracks
    minutes, speed = limits.maximum_median_session_minutes, limits.maximum_p99_session_tracks_per_minute
    implausible, gone = limits.maximum_implausible_sessions_percent, limits.maximum_users_gone_percent
    mean = gxe.ExpectColumnMeanToBeBetween(
        column="mean_tracks",
        min_value=low,
        max_value=high,
        severity=WARNING,
        description=f"a session has {low:g} to {high:g} tracks on average",
    )
    of_shape = [
        mean,
        at_most("median_minutes", minutes, f"half the sessions last at most {minutes:g} minutes", WARNING),
        at_most(
            "p99_tracks_per_minute", speed, f"99 % of the sessions have at most {speed:g} tracks a minute", WARNING
        ),
        at_most(
            "implausible_percent", implausible, f"at most {implausible:g} % of the sessions are implausible", WARNING
        ),
    ]
    users = at_most(
        "users_gone_percent", gone, f"at most {gone:g} % of the users of run date {previous} are gone", WARNING
    )
    return ExpectationSuite(
        "session_shape",
        expectations=[
            # Counted, not looked for row by row: each of these would be two passes over all sessions, or a sort.
            at_most("repeated_session_ids", 0, "each session_id is there once"),
            at_most("sessions_ending_before_start", 0, "no session ends before it starts"),
            *([] if no_sessions else of_shape),
            *([users] if previous else []),
        ],
    )


def top_songs(
    songs: int, window_days: int | None = None, no_listens: bool = False, is_day_without: bool = False
) -> ExpectationSuite:
    """The ranks are 1 to n, each once; n is not 0.

    An answer without a song is right where no session started in the last `window_days`, and of a log that has
    `no_listens` yet: a warning, and on a day without listens a flag. Elsewhere every session may be ranked, and there
    is one.
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
            *has_schema(schemas.TOP_SONGS),
            *never_null(*schemas.TOP_SONGS.fieldNames()),
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


def _sum(column: str, total: int, claim: str) -> gxe.Expectation:
    return gxe.ExpectColumnSumToBeBetween(column=column, min_value=total, max_value=total, description=claim)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
