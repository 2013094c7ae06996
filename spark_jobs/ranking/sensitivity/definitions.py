"""The other definitions that one could have chosen with as good a reason, and the sessions that each chooses."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.ranking import rankings
from spark_jobs.ranking.sensitivity.growth import Growth, seconds, tracks
from spark_jobs.ranking.sensitivity.other_gaps import joined, parts_of_longest
from spark_jobs.ranking.sources import CutLog
from spark_jobs.ranking.start_window import StartWindow, started_in
from spark_jobs.shared.scratch import Keep

WITHOUT_IMPLAUSIBLE = "without_implausible_sessions"
BY_DURATION = "longest_by_duration"
GAPS = {f"gap_{minutes}_minutes": timedelta(minutes=minutes) for minutes in (10, 30)}
BY_TRACK_ID = "songs_by_track_id"
DEFINITIONS = (WITHOUT_IMPLAUSIBLE, BY_DURATION, *GAPS, BY_TRACK_ID)


def other_definitions(run_gap: timedelta) -> list[str]:
    """The definitions that can differ from the answer: a gap that is the run's own cannot."""
    return [name for name in DEFINITIONS if GAPS.get(name) != run_gap]


def song_id() -> Column:
    """The track id of a row whose `definition` is BY_TRACK_ID; null of any other row."""
    return F.when(F.col("definition") == BY_TRACK_ID, F.col("track_id"))


def alternative_sessions(
    longest: DataFrame,
    cut: CutLog,
    number: int,
    keep: Keep,
    window: StartWindow | None = None,
    growth: Growth | None = None,
) -> DataFrame:
    """The `number` longest sessions of each definition that started in the `window`, as `rankings.chosen`.

    `longest` are the answer's. A session of another gap may start in the window where none of the `cut` does, or the
    other way round. Where the `growth` of the log is known, and there is no window, only what is near a new listen is
    joined or cut.
    """
    recent = started_in(cut.sessions, window)
    plausible = by_duration = None
    if growth and not window:
        plausible = growth.longest_of_run(WITHOUT_IMPLAUSIBLE, number, tracks, lambda one: not one["is_implausible"])
        by_duration = growth.longest_of_run(BY_DURATION, number, seconds)
    longest_of = {
        WITHOUT_IMPLAUSIBLE: plausible or rankings.top_sessions(recent.where(~F.col("is_implausible")), number),
        BY_DURATION: by_duration or rankings.top_sessions(recent, number, "duration_seconds"),
        BY_TRACK_ID: longest,
    }
    for name, gap in GAPS.items():
        if gap == cut.gap:
            continue
        grown = growth.longest(name, gap, cut, number) if growth and not window else None
        if grown:
            longest_of[name] = grown
        elif gap > cut.gap:
            longest_of[name] = rankings.top_sessions(started_in(joined(cut.sessions, gap), window), number)
        else:
            longest_of[name] = rankings.top_sessions(parts_of_longest(cut, gap, number, keep, window), number)
    return reduce(DataFrame.unionByName, (rankings.chosen(name, rows) for name, rows in longest_of.items()))


def place() -> Column:
    """Where a row's `definition` stands among DEFINITIONS."""
    return F.array_position(F.lit(list(DEFINITIONS)), F.col("definition"))
