"""Write a listening log of any size in the exact form of LastFM-1K, the same bytes for the same options.

The shape follows the published figures of the real log: users' skew, session lengths, pauses, how often names and
MusicBrainz ids come again or are missing, names in several scripts and with quotes in them, users one after another,
newest listen first. Beside the log lies its answer, `<log>.answer.json`: see `include.sample_data.listening.answer`.

    python -m include.sample_data.listening.generate_log --listens 3000 --users 12 --odd-lines sample.tsv
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from include.sample_data.listening.answer import Answer, beside
from include.sample_data.listening.catalogue import song_fields
from include.sample_data.listening.histories import (
    EARLIEST,
    REAL_LISTENS,
    artists_in,
    histories,
    most_listens_a_user,
    users_for,
)
from include.sample_data.listening.odd_lines import (
    ODD_LINES,
    ODD_LINES_REJECTED,
    ODD_LISTENS,
    ODD_SONG,
    ODD_USER,
    reasons_of,
    with_damaged_lines,
)

TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
NEWEST_LISTEN = datetime(2009, 5, 4, 23, tzinfo=UTC)
PERFECT_SCORE = 100.0
AFTER_THE_LATEST = datetime(2101, 1, 1, tzinfo=UTC)
_DAYS = np.arange(f"{EARLIEST.date()}", f"{AFTER_THE_LATEST.date()}", dtype="datetime64[D]").astype("S10")
_FIRST_DAY = int(EARLIEST.timestamp()) // 86400
_SECONDS = np.array([f"T{at // 3600:02d}:{at // 60 % 60:02d}:{at % 60:02d}Z\t" for at in range(86400)], dtype="S11")


def main(argv: list[str] | None = None) -> None:
    """Write the log the command line asks for, and its answer."""
    args = parse_args(argv)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    # Under another name until it is whole: a run may be reading the log of this name.
    unfinished = args.output.with_name(f".{args.output.name}.{os.getpid()}")
    answer = Answer()
    with unfinished.open("wb") as log:
        log.writelines(generate(args, answer))
    made_by = {**vars(args), "newest": f"{args.newest:{TIME_FORMAT}}"}
    del made_by["output"]
    answer.write(beside(args.output), made_by)
    os.replace(unfinished, args.output)
    print(f"{args.output}: {answer.listens:,} listens of {answer.users:,} users, seed {args.seed}", file=sys.stderr)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; the defaults are the real log's size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, help="the file to write")
    parser.add_argument("--listens", type=int, default=REAL_LISTENS, help="valid listens to write (%(default)s)")
    parser.add_argument("--users", type=int, help="users they belong to (as many as the real log would have)")
    parser.add_argument("--seed", type=int, default=1000, help="the same seed gives the same bytes (%(default)s)")
    parser.add_argument("--newest", type=_time, default=NEWEST_LISTEN, help="no listen is later (2009-05-04T23:00:00Z)")
    parser.add_argument("--score", type=float, default=PERFECT_SCORE, help="percent of good lines, the rest is added")
    parser.add_argument("--odd-lines", action="store_true", help="end with a line for every reason to reject one")
    args = parser.parse_args(argv)
    if args.users is None:
        args.users = users_for(args.listens)
    fault = _fault(args)
    if fault:
        parser.error(fault)
    return args


def _time(text: str) -> datetime:
    try:
        time = datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        time = AFTER_THE_LATEST
    if not EARLIEST < time < AFTER_THE_LATEST:
        allowed = f"after {EARLIEST:{TIME_FORMAT}} and before {AFTER_THE_LATEST:{TIME_FORMAT}}"
        raise argparse.ArgumentTypeError(f"found {text!r}, allowed is a time like 2009-05-04T23:00:00Z {allowed}")
    return time


def _fault(args: argparse.Namespace) -> str | None:
    most = most_listens_a_user(args.newest)
    if not 1 <= args.users <= args.listens:
        return f"found {args.users} users and {args.listens} listens; allowed is at least one listen a user"
    if args.listens > args.users * most:
        room = f"allowed are {most:,} a user, who has the time since {EARLIEST.date()}, four years at most, to listen"
        return f"found {args.users} users and {args.listens:,} listens up to {args.newest:{TIME_FORMAT}}; {room}"
    if not 0 < args.score <= PERFECT_SCORE:
        return f"found a score of {args.score:g}, allowed is more than 0 and at most 100"
    kept, rejected = _good_lines(args), _odd_rejected(args) + damaged_lines(args)
    nearest = f"{100 * kept / (kept + rejected):.2f}"
    if args.score < PERFECT_SCORE and nearest != f"{args.score:.2f}":
        return f"found a score of {args.score:g} and {kept:,} good lines: the nearest is {nearest}; 10,000 do for any"
    return None


def damaged_lines(args: argparse.Namespace) -> int:
    """How many damaged lines bring the score down, beside the odd ones."""
    if args.score == PERFECT_SCORE:
        return 0
    return max(0, round(_good_lines(args) * (PERFECT_SCORE / args.score - 1)) - _odd_rejected(args))


def _good_lines(args: argparse.Namespace) -> int:
    return args.listens + args.odd_lines * len(ODD_LISTENS)


def _odd_rejected(args: argparse.Namespace) -> int:
    return args.odd_lines * sum(ODD_LINES_REJECTED.values())


def generate(args: argparse.Namespace, answer: Answer) -> Iterator[bytes]:
    """Yield the log, one user's lines at a time, and count the answer; memory holds one user."""
    damaged, done, artists = damaged_lines(args), 0, artists_in(args.listens)
    for history in histories(args.listens, args.users, args.seed, args.newest):
        distinct, which = np.unique(history.songs, return_inverse=True)
        fields = song_fields(distinct, artists)
        songs = [fields[song] for song in which.tolist()]
        answer.add_user(history.user_id, history.times, songs)
        parts = [b""] * (2 * len(songs))
        parts[::2], parts[1::2] = _line_starts(history.user_id, history.times), songs
        due = damaged * answer.listens // args.listens
        yield b"".join(with_damaged_lines(parts, range(done, due)))
        done = due
    answer.rejected.update(reasons_of(damaged))
    if args.odd_lines:
        answer.add_user(ODD_USER.decode(), ODD_LISTENS, [ODD_SONG] * len(ODD_LISTENS))
        answer.rejected.update(ODD_LINES_REJECTED)
        yield b"\n".join([*ODD_LINES, b""])


def _line_starts(user_id: str, times: np.ndarray) -> list[bytes]:
    """The user and the time of each line, with a tab behind each."""
    user = f"{user_id}\t".encode()
    starts = np.empty(len(times), dtype=[("user", f"S{len(user)}"), ("day", "S10"), ("second", "S11")])
    days, seconds = np.divmod(times, 86400)
    starts["user"], starts["day"], starts["second"] = user, _DAYS[days - _FIRST_DAY], _SECONDS[seconds]
    return starts.view(f"S{starts.itemsize}").tolist()


if __name__ == "__main__":
    main()
