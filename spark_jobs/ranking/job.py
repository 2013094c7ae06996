"""Rank the longest sessions and the songs played most in them, and tell how sure that is and who listened.

Reads a snapshot of `sessions` and one of `listens`. Writes one of `top_sessions`, `top_songs`, `chosen_listens`,
`alternative_songs`, `chosen_sessions` and `listeners`, the last three with rows where they are asked for, and the
stage's record. A daily load reads what its base chose, too.
"""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.logs.listening.tables import LISTENS, SESSIONS
from spark_jobs.ranking import listeners, rankings, sources
from spark_jobs.ranking.answers import Answers
from spark_jobs.ranking.asked import RankingJob, parse_args
from spark_jobs.ranking.record import RANKING, Alternatives, Profiles, RankingParameters, RankingRecord
from spark_jobs.ranking.sensitivity import definitions
from spark_jobs.ranking.sensitivity.growth import Growth, read_growth, tracks
from spark_jobs.ranking.sources import CutLog
from spark_jobs.ranking.start_window import started_in
from spark_jobs.ranking.tables import (
    ALTERNATIVE_SONGS,
    CHOSEN_LISTENS,
    CHOSEN_SESSIONS,
    LISTENERS,
    TOP_SESSIONS,
    TOP_SONGS,
)
from spark_jobs.shared.application import run_application
from spark_jobs.shared.errors import InputError
from spark_jobs.shared.intervals import events_within, pushdown_filter
from spark_jobs.shared.linked_files import place_of_links
from spark_jobs.shared.log import read_log, sessions_cut
from spark_jobs.shared.paths import path_of, shown
from spark_jobs.shared.scratch import Keep, scratch
from spark_jobs.shared.stage import begin_try, keep_record, seconds_since


def run(spark: SparkSession, job: RankingJob) -> RankingRecord:
    """Write the answer and return the stage's record.

    Raises MissingRecordError if sessions or listens of the run are missing, and OtherRecordError if the records name
    other snapshots. SessionsOfOtherGapError, SessionsOfOtherEventsError: the sessions are not those to rank.
    """
    started = time.monotonic()
    log = read_log(job.lake, job.run_date, job.listens, looked_up=(TOP_SESSIONS, CHOSEN_SESSIONS, CHOSEN_LISTENS))
    sessions = sessions_cut(job.lake, job.run_date, job.sessions, log.events, job.gap)
    cut = sources.read_cut_log(spark, job.lake, sessions, job.gap)
    made_from = {LISTENS.name: log.events, SESSIONS.name: sessions.snapshots[SESSIONS.name]}
    answers = Answers(spark, begin_try(job, RANKING, made_from))
    with scratch() as keep, place_of_links(job.lake) as links:
        # The base has chosen among all sessions, which tells nothing of a window.
        growth = None if job.window else read_growth(spark, log, sessions, keep)
        longest = _write_longest(job, answers, cut, growth)
        chosen, alternatives = _chosen(job, answers, growth, cut, longest, keep)
        users = [row.user_id for row in longest.select("user_id").collect()]
        heard = _write_listens(
            job, answers, chosen, cut.listens, sources.read_heard_before(spark, job.lake, log.base), keep
        )
        songs = _write_songs(job, answers, chosen, heard, keep)
        problem = _write_listeners(job, answers, longest, keep, links)
        record = RankingRecord(
            run_date=job.run_date,
            run_id=job.run_id,
            snapshots=answers.snapshots,
            made_from=made_from,
            parameters=_parameters(job),
            top_sessions=len(users),
            top_songs=len(songs.collect()),
            listeners=len(set(users)),
            alternatives=alternatives,
            profiles=Profiles(path=shown(path_of(job.profiles)) or None, problem=problem),
            seconds=seconds_since(started),
        )
    return keep_record(job, record)


def _parameters(job: RankingJob) -> RankingParameters:
    return RankingParameters(
        top_sessions=job.top_sessions,
        top_songs=job.top_songs,
        session_gap_minutes=job.gap // timedelta(minutes=1),
        window_days=job.window_days,
    )


def _write_longest(job: RankingJob, answers: Answers, cut: CutLog, growth: Growth | None) -> DataFrame:
    """Find the longest sessions: among all of them, or where it is known how the log has grown, among few."""
    grown = growth.longest_of_run(rankings.ANSWER, job.top_sessions, tracks) if growth else None
    longest = grown or started_in(cut.sessions, job.window)
    return answers.write(rankings.top_sessions(longest, job.top_sessions), TOP_SESSIONS, "rank")


def _chosen(
    job: RankingJob, answers: Answers, growth: Growth | None, cut: CutLog, longest: DataFrame, keep: Keep
) -> tuple[DataFrame, Alternatives]:
    """The sessions of every definition, the answer's first, and what the record says of the others."""
    started = time.monotonic()
    chosen = rankings.chosen(rankings.ANSWER, longest)
    if not job.alternatives:
        answers.write_none(CHOSEN_SESSIONS)
        return chosen, Alternatives(made=False, definitions=(), seconds=0.0)
    others = definitions.alternative_sessions(longest, cut, job.top_sessions, keep, job.window, growth)
    chosen = chosen.unionByName(others)
    if job.window:
        # A daily load on top of this one would take these for the longest of all sessions.
        answers.write_none(CHOSEN_SESSIONS)
        chosen = keep(chosen)
    else:
        chosen = answers.write(chosen, CHOSEN_SESSIONS, "definition", "session")
    # Of their own: the listens are read and counted together with the answer's.
    made = Alternatives(
        made=True, definitions=tuple(definitions.other_definitions(job.gap)), seconds=seconds_since(started)
    )
    return chosen, made


def _write_listens(
    job: RankingJob, answers: Answers, chosen: DataFrame, listens: DataFrame, before: DataFrame | None, keep: Keep
) -> DataFrame:
    """Find the listens of the chosen sessions, those of a session that has not changed among the ones of `before`.

    A log only grows: a session of the same start, end and number of tracks holds the same listens. Raises
    SessionsOfOtherEventsError unless there are as many listens as the sessions have tracks.
    """
    # In one task: they are few, and kept rows stay in as many tasks as a shuffle makes, hundreds.
    sessions = keep(chosen.select("session").distinct().coalesce(1))
    fresh = sessions
    if before is not None:
        fresh = sessions.join(before.select("session").distinct(), on="session", how="left_anti")
    intervals = fresh.select("session", "session.*")
    key = sources.LISTENER_AND_TIME
    found = events_within(intervals, listens.where(pushdown_filter(intervals, key)), key, "session")
    if before is not None:
        found = found.unionByName(before.join(F.broadcast(sessions), on="session", how="left_semi"))
    found = answers.write_many(found, CHOSEN_LISTENS)
    (tracks,) = sessions.agg(F.coalesce(F.sum("session.track_count"), F.lit(0))).collect()[0]
    sources.check_tracks(job.run_date, tracks, answers.stage.rows(CHOSEN_LISTENS))
    return found


def _write_songs(job: RankingJob, answers: Answers, chosen: DataFrame, heard: DataFrame, keep: Keep) -> DataFrame:
    """Rank the songs by every definition at once, and return those of the answer."""
    played = heard.join(F.broadcast(chosen), on="session").withColumn("song_id", definitions.song_id())
    is_answer = F.col("definition") == rankings.ANSWER
    ranked = rankings.top_songs(played, job.top_songs)
    if job.alternatives:
        ranked = keep(ranked.coalesce(1))
        answers.write(ranked.where(~is_answer), ALTERNATIVE_SONGS, definitions.place(), "rank")
    else:
        answers.write_none(ALTERNATIVE_SONGS)
    return answers.write(ranked.where(is_answer), TOP_SONGS, "rank")


def _write_listeners(job: RankingJob, answers: Answers, longest: DataFrame, keep: Keep, links: Path) -> str | None:
    """Look the users of the top sessions up among the profiles; say what is wrong if that cannot be done."""
    problem, found = None, None
    if job.profiles:
        # A bad file of profiles costs its table, and the run goes on. A fault of the lake's disk stops the run.
        try:
            with listeners.naming_damage(links):
                lines = listeners.read_lines(answers.spark, job.profiles, links, job.input_root)
                found = keep(listeners.listeners(longest, listeners.profiles_of(lines, job.run_date)))
                found.count()
        except (listeners.ProfilesError, InputError) as error:
            found, problem = None, f"{shown(path_of(job.profiles))} cannot be read as profiles: {error}"
    if found:
        answers.write(found, LISTENERS, "user_id")
    else:
        answers.write_none(LISTENERS)
    if problem:
        print(f"WARNING {RANKING} {job.run_date}: who listens is left out: {problem}", file=sys.stderr)
    return problem


def main(argv: list[str] | None = None) -> None:
    """Run the job as `spark-submit` does."""
    job = parse_args(argv, __doc__)
    record = run_application(f"{RANKING} {job.run_date}", job.lake, lambda spark: run(spark, job))
    print(f"{RANKING}: {record.top_songs:,} songs of {record.top_sessions:,} sessions")


if __name__ == "__main__":
    main()
