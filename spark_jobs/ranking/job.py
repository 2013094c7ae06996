"""Rank the longest sessions and the songs played most in them, and tell how sure that is and who listened.

Reads the partition `run_date` of `sessions` and `listens`, writes that of `top_sessions`, `top_songs` and
`chosen_listens`, of `alternative_songs`, `chosen_sessions` and `listeners` where they are asked for, and the stage's
record. Where the log has grown from that of the day before, what that chose is taken over.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.ranking import alternatives, listeners, rankings, sources
from spark_jobs.ranking.other_gaps import CutLog
from spark_jobs.ranking.start_window import MAXIMUM_DAYS, StartWindow, last_days, started_in
from spark_jobs.shared import failures, schemas, storage
from spark_jobs.shared.application import run_application
from spark_jobs.shared.arguments import add_input_root, job_parser, positive_int
from spark_jobs.shared.errors import InputError
from spark_jobs.shared.lake import (
    ALTERNATIVE_SONGS,
    CHOSEN_LISTENS,
    CHOSEN_SESSIONS,
    LISTENERS,
    TOP_SESSIONS,
    TOP_SONGS,
    Lake,
)
from spark_jobs.shared.lineage import Log
from spark_jobs.shared.paths import path_of, shown
from spark_jobs.shared.schemas import conform
from spark_jobs.shared.session_gap import SESSION_GAP
from spark_jobs.shared.spans import listens_within, reach

STAGE = "ranking"


@dataclass(frozen=True)
class RankingJob:
    """What the job is told: the lake, the partition it owns, how many sessions and songs to name.

    `gap` is the one the sessions were cut with. Only sessions that started in the last `window_days` up to the run
    date's end are ranked, whatever the definition; all of them with None. `profiles` is a file of profiles, or empty;
    `profiles_problem` says why it cannot be used, if somebody found out before. It must lie below `input_root`, links
    resolved, if that is given.
    """

    lake: Lake
    run_date: date
    top_sessions: int = rankings.TOP_SESSIONS
    top_songs: int = rankings.TOP_SONGS
    gap: timedelta = SESSION_GAP
    window_days: int | None = None
    alternatives: bool = True
    profiles: str = ""
    profiles_problem: str = ""
    input_root: str = ""

    @property
    def window(self) -> StartWindow | None:
        """The days on which a session must start to be ranked."""
        return last_days(self.run_date, self.window_days)


def parse_args(argv: list[str] | None = None) -> RankingJob:
    """Read the command line; exits with code 2 and a message on a bad argument."""
    parser = job_parser(__doc__)
    for name, default, noun in (
        ("--top-sessions", rankings.TOP_SESSIONS, "longest sessions to look at"),
        ("--top-songs", rankings.TOP_SONGS, "songs to name"),
        ("--session-gap-minutes", SESSION_GAP // timedelta(minutes=1), "the gap that the sessions were cut with"),
    ):
        parser.add_argument(name, type=positive_int, default=default, help=noun)
    parser.add_argument(
        "--window-days",
        type=_days_or_all,
        help="rank only sessions that started in the last so many days up to the run date's end; empty: all",
    )
    parser.add_argument(
        "--alternatives", choices=("yes", "no"), default="yes", help="also rank under other definitions?"
    )
    parser.add_argument("--profiles", default="", help="file of the users' profiles; empty: none")
    parser.add_argument("--profiles-problem", default="", help="why that file cannot be used; empty: it may")
    add_input_root(parser)
    args = parser.parse_args(argv)
    return RankingJob(
        lake=Lake(args.lake),
        run_date=args.run_date,
        top_sessions=args.top_sessions,
        top_songs=args.top_songs,
        gap=timedelta(minutes=args.session_gap_minutes),
        window_days=args.window_days,
        alternatives=args.alternatives == "yes",
        profiles=args.profiles,
        profiles_problem=args.profiles_problem,
        input_root=args.input_root,
    )


def _days_or_all(text: str) -> int | None:
    """Read a number of days; none of an empty text."""
    days = positive_int(text) if text else None
    if days and days > MAXIMUM_DAYS:
        raise argparse.ArgumentTypeError(
            f"found {text!r}, allowed is a whole number from 1 to {MAXIMUM_DAYS}, or nothing for all sessions"
        )
    return days


def run(spark: SparkSession, job: RankingJob) -> dict[str, Any]:
    """Publish the answer and return the stage's record.

    Raises MissingPartitionError when the run has no sessions or no listens, DamagedPartitionError when they are not as
    published, SessionsOfOtherGapError or SessionsOfOtherListensError when they are not what is to be ranked.
    """
    started = time.monotonic()
    log, cut = sources.read_cut_log(spark, job.lake, job.run_date, job.gap)

    with storage.staging_area(spark, job.lake, job.run_date) as area:
        recent = started_in(cut.sessions, job.window)
        longest = conform(rankings.top_sessions(recent, job.top_sessions), schemas.TOP_SESSIONS)
        longest = _staged(longest, f"{area}/{TOP_SESSIONS}", "rank")
        chosen, alternatives_record = _chosen(spark, job, log, cut, longest, area)
        listed = longest.select("user_id").collect()
        heard = _write_listens(job, chosen, cut.listens, sources.read_heard_before(spark, job.lake, log), area)
        songs = _write_songs(job, chosen, heard, area)
        problem = _write_listeners(job, longest, area)
        users = {row.user_id for row in listed}
        rows = {"top_sessions": len(listed), "top_songs": songs.count(), "listeners": len(users)}
        optional = {
            ALTERNATIVE_SONGS: job.alternatives,
            LISTENERS: bool(job.profiles and not problem),
            # The next day takes these for the longest of all sessions: those of a window are not.
            CHOSEN_SESSIONS: job.alternatives and job.window is None,
        }
        _publish(spark, job, area, optional, log.log_id)

    record = {
        "parameters": {
            "top_sessions": job.top_sessions,
            "top_songs": job.top_songs,
            "session_gap_minutes": job.gap // timedelta(minutes=1),
            "window_days": job.window_days,
        },
        "rows": rows,
        "alternatives": alternatives_record,
        "profiles": {"path": shown(path_of(job.profiles)) or None, "problem": problem},
        "seconds": round(time.monotonic() - started, 3),
    }
    storage.write_stage_record(spark, job.lake, STAGE, job.run_date, record)
    return record


def _chosen(
    spark: SparkSession, job: RankingJob, log: Log, cut: CutLog, longest: DataFrame, area: str
) -> tuple[DataFrame, dict[str, Any]]:
    """The sessions of every definition, the answer's first, and what the record says of the others."""
    started = time.monotonic()
    chosen = rankings.chosen(rankings.ANSWER, longest)
    if not job.alternatives:
        return chosen, {"made": False, "definitions": [], "seconds": 0.0}
    # What the day before chose is of all sessions, and tells nothing of a window.
    growth = None if job.window else sources.read_growth(spark, job.lake, log, f"{area}/growth")
    others = alternatives.alternative_sessions(longest, cut, job.top_sessions, job.window, growth)
    chosen = conform(chosen.unionByName(others), schemas.CHOSEN_SESSIONS)
    chosen = _staged(chosen, f"{area}/{CHOSEN_SESSIONS}", "definition", "session")
    # Of their own: the listens are read and counted together with the answer's.
    seconds = round(time.monotonic() - started, 3)
    return chosen, {"made": True, "definitions": alternatives.definitions(job.gap), "seconds": seconds}


def _write_listens(
    job: RankingJob, chosen: DataFrame, listens: DataFrame, before: DataFrame | None, area: str
) -> DataFrame:
    """Find the listens of the chosen sessions, those of a session that has not changed among the ones of `before`.

    A log only grows: a session of the same start, end and number of tracks holds the same listens. Raises
    SessionsOfOtherListensError unless there are as many listens as the sessions have tracks.
    """
    sessions = storage.materialized(chosen.select("session").distinct(), f"{area}/sessions")
    fresh = sessions
    if before is not None:
        fresh = sessions.join(before.select("session").distinct(), on="session", how="left_anti")
    spans = fresh.select("session", "session.*")
    found = listens_within(spans, listens.where(reach(spans)), "session")
    if before is not None:
        found = found.unionByName(before.join(F.broadcast(sessions), on="session", how="left_semi"))
    found = storage.materialized(conform(found, schemas.CHOSEN_LISTENS), f"{area}/{CHOSEN_LISTENS}")
    (tracks,) = sessions.agg(F.coalesce(F.sum("session.track_count"), F.lit(0))).collect()[0]
    sources.check_tracks(job.run_date, tracks, found.count())
    return found


def _write_songs(job: RankingJob, chosen: DataFrame, heard: DataFrame, area: str) -> DataFrame:
    """Rank the songs by every definition at once, and return those of the answer."""
    played = heard.join(F.broadcast(chosen), on="session")
    is_answer = F.col("definition") == rankings.ANSWER
    ranked = conform(rankings.top_songs(played, job.top_songs), schemas.ALTERNATIVE_SONGS)
    if job.alternatives:
        ranked = storage.materialized(ranked, f"{area}/ranked")
        _staged(ranked.where(~is_answer), f"{area}/{ALTERNATIVE_SONGS}", alternatives.place(), "rank")
    return _staged(conform(ranked.where(is_answer), schemas.TOP_SONGS), f"{area}/{TOP_SONGS}", "rank")


def _write_listeners(job: RankingJob, longest: DataFrame, area: str) -> str | None:
    """Look the users of the top sessions up among the profiles; say what is wrong if that cannot be done."""
    problem = job.profiles_problem
    name, links = shown(path_of(job.profiles)), Path(area).absolute() / "profiles"
    if job.profiles and not problem:
        # Whatever is wrong with that file costs its dataset, never the run; what is wrong with the lake's disk does.
        try:
            lines = listeners.read_lines(longest.sparkSession, job.profiles, links, job.input_root)
        except (listeners.ProfilesError, InputError, PySparkException, Py4JJavaError) as error:
            problem = f"{name} cannot be read as profiles: {failures.root_of(error)}"
        else:
            profiles = listeners.profiles_of(lines, job.run_date)
            found = conform(listeners.listeners(longest, profiles), schemas.LISTENERS)
            try:
                _staged(found, f"{area}/{LISTENERS}", "user_id")
            except Py4JJavaError as error:
                file = failures.failed_read(failures.causes(error.java_exception))
                if file is None or str(links) not in file:
                    raise
                problem = f"{name} cannot be read as profiles: {failures.root_of(error)}"
    if problem:
        print(f"WARNING {STAGE} {job.run_date}: who listens is left out: {problem}", file=sys.stderr)
    return problem or None


def _publish(spark: SparkSession, job: RankingJob, area: str, made: dict[str, bool], log_id: str) -> None:
    """Publish the answer and what else was made; what was not goes, if an earlier run of the date made it."""
    for dataset in (TOP_SESSIONS, TOP_SONGS, ALTERNATIVE_SONGS, LISTENERS, CHOSEN_SESSIONS, CHOSEN_LISTENS):
        partition = job.lake.partition(dataset, job.run_date)
        if made.get(dataset, True):
            storage.publish_partition(spark, f"{area}/{dataset}", partition, log_id)
        else:
            storage.withdraw(spark, area, partition)


def _staged(rows: DataFrame, path: str, *order: str | Column) -> DataFrame:
    """Write some rows as one file, in this order, and read them back."""
    return storage.materialized(rows.coalesce(1).sortWithinPartitions(*order), path)


def main(argv: list[str] | None = None) -> None:
    """Run the job as `spark-submit` does."""
    job = parse_args(argv)
    rows = run_application(f"{STAGE} {job.run_date}", lambda spark: run(spark, job))["rows"]
    print(f"{STAGE}: {rows['top_songs']:,} songs of {rows['top_sessions']:,} sessions")


if __name__ == "__main__":
    main()
