"""The arguments of the ranking, and its command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date, timedelta

from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.logs.listening.tables import LISTENS, SESSIONS
from spark_jobs.ranking import rankings
from spark_jobs.ranking.start_window import MAXIMUM_DAYS, StartWindow, last_days
from spark_jobs.shared.arguments import (
    MANUAL,
    add_input_root,
    add_session_gap,
    job_parser,
    parsed,
    positive_int,
    snapshot_id,
)
from spark_jobs.shared.lake import Lake


@dataclass(frozen=True)
class RankingJob:
    """The job's arguments: the lake, the run, how many sessions and songs to name, and the snapshots to rank.

    Without these it takes those of which the records of the stages before tell; `record` is where its own goes, if not
    to its place.

    `gap` is the one the sessions were cut with. Every definition ranks only sessions that started in the last
    `window_days` up to the run date's end; with None, all of them. `profiles` is a file of profiles, or empty. It must
    lie below `input_root`, links resolved, if that is given.
    """

    lake: Lake
    run_date: date
    top_sessions: int = rankings.TOP_SESSIONS
    top_songs: int = rankings.TOP_SONGS
    gap: timedelta = LISTENING.sessions.gap
    window_days: int | None = None
    alternatives: bool = True
    profiles: str = ""
    input_root: str = ""
    listens: int | None = None
    sessions: int | None = None
    run_id: str = MANUAL
    record: str = ""

    @property
    def window(self) -> StartWindow | None:
        """The days on which a session must start to be ranked."""
        return last_days(self.run_date, self.window_days)


def parse_args(argv: list[str] | None = None, description: str | None = None) -> RankingJob:
    """Read the command line; exits with code 2 and a message on a bad argument."""
    parser = job_parser(description)
    for name, default, noun in (
        ("--top-sessions", rankings.TOP_SESSIONS, "longest sessions to look at"),
        ("--top-songs", rankings.TOP_SONGS, "songs to name"),
    ):
        parser.add_argument(name, type=positive_int, default=default, help=noun)
    add_session_gap(parser, "the gap that the sessions were cut with")
    parser.add_argument(
        "--window-days",
        type=_days_or_all,
        help="rank only sessions that started in the last so many days up to the run date's end; empty: all",
    )
    parser.add_argument(
        "--alternatives", choices=("yes", "no"), default="yes", help="also rank under other definitions?"
    )
    parser.add_argument("--profiles", default="", help="file of the users' profiles; empty: none")
    for name in (LISTENS.name, SESSIONS.name):
        parser.add_argument(f"--{name}", type=snapshot_id, help=f"snapshot of {name}; empty: the one last made")
    add_input_root(parser)
    found = parsed(parser, argv)
    gap = found.pop("session_gap") or LISTENING.sessions.gap
    return RankingJob(**{**found, "gap": gap, "alternatives": found["alternatives"] == "yes"})


def _days_or_all(text: str) -> int | None:
    """Read a number of days; none of an empty text."""
    days = positive_int(text) if text else None
    if days and days > MAXIMUM_DAYS:
        raise argparse.ArgumentTypeError(
            f"found {text!r}, allowed is a whole number from 1 to {MAXIMUM_DAYS}, or nothing for all sessions"
        )
    return days
