"""Write the log of a note-taking app of any size, the same records for the same options.

The log is a directory with `interactions/` and `users/`; a file holds what arrived on a day. What it has, and in which
shares, is in `include.sample_data.notes.shape`. Beside it lies its answer, `<log>.answer.json`: see
`include.sample_data.notes.answer`.

With `--daily 3` each of the last three days has a directory of its own, and all days before them have one together.
They are named by run dates: the first one is for a full run, each other one for a daily load.

    python -m include.sample_data.notes.generate_log --interactions 4000 --days 60 --odd-records sample
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from include.sample_data.notes import odd_records, shape, texts
from include.sample_data.notes.answer import Answer, beside
from include.sample_data.notes.calendar import Calendar
from include.sample_data.notes.files import Files
from include.sample_data.notes.interactions import make_interactions
from include.sample_data.notes.lines import lines_of
from include.sample_data.notes.people import People, activity, people, user_records
from include.sample_data.notes.visits import make_visits
from spark_jobs.logs.notes.contract import INTERACTIONS, NOTES, USERS

LAST_DAY = date(2026, 11, 29)
FEWEST_INTERACTIONS, FEWEST_USERS = 1_000, 2
INTERACTIONS_A_BLOCK = 200_000
_BLOCKS = 1


def main(argv: list[str] | None = None) -> None:
    """Write the log the command line asks for, and its answer."""
    args = parse_args(argv)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    # Elsewhere until it is whole: a run may be looking for the log of this name.
    with tempfile.TemporaryDirectory(prefix=f".{args.output.name}.", dir=args.output.parent) as scratch:
        log = Path(scratch) / "log"
        answer = generate(args, Files(log, Calendar(args.last_day, args.days), args.daily))
        if args.output.exists():
            print(f"{args.output} has been made by another process meanwhile, and is left alone", file=sys.stderr)
            return
        made_by = {**vars(args), "last_day": str(args.last_day)}
        del made_by["output"]
        answer.write(beside(args.output), made_by)
        os.replace(log, args.output)
    print(f"{args.output}: {answer.dirt[INTERACTIONS.name].accepted:,} interactions, seed {args.seed}", file=sys.stderr)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, help="the directory to write, which is not there yet")
    parser.add_argument("--interactions", type=int, default=1_000_000, help="good ones to write (%(default)s)")
    parser.add_argument("--users", type=int, help=f"users (one for {shape.INTERACTIONS_A_USER} interactions)")
    parser.add_argument("--hot-share", type=float, default=shape.HOT_SHARE, help="of the busiest user (%(default)s)")
    parser.add_argument("--seed", type=int, default=1000, help="the same seed gives the same records (%(default)s)")
    parser.add_argument("--last-day", type=_day, default=LAST_DAY, help="the last day of the log (%(default)s)")
    parser.add_argument("--days", type=int, default=60, help="how many days it has (%(default)s)")
    parser.add_argument("--daily", type=int, default=0, help="so many last days are directories of their own")
    parser.add_argument("--odd-records", action="store_true", help="add records for every reason and every warning")
    args = parser.parse_args(argv)
    args.users = args.users or max(FEWEST_USERS, args.interactions // shape.INTERACTIONS_A_USER)
    fault = _fault(args)
    if fault:
        parser.error(fault)
    return args


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"found {text!r}, allowed is a date like {LAST_DAY}") from None


def _fault(args: argparse.Namespace) -> str | None:
    """Return what is wrong with the first option that is."""
    first = Calendar(args.last_day, args.days).date_of(0)
    found = (
        (
            args.output.exists(),
            f"{args.output}, which is there already; remove it, or name another directory",
        ),
        (
            args.interactions < FEWEST_INTERACTIONS,
            f"{args.interactions} interactions, allowed are {FEWEST_INTERACTIONS:,} or more",
        ),
        (
            not FEWEST_USERS <= args.users <= args.interactions,
            f"{args.users} users, allowed are 2 or more, and at least one interaction for each",
        ),
        (
            not 0 <= args.hot_share < 1,
            f"a share of {args.hot_share} for the busiest user, allowed is 0 or more, and less than 1",
        ),
        (
            not 0 <= args.daily < args.days,
            f"{args.daily} daily parts of {args.days} days, allowed are fewer parts than days",
        ),
        (
            not (first >= shape.EARLIEST and args.last_day < date(2100, 1, 1)),
            f"the days {first} to {args.last_day}, allowed are days from {shape.EARLIEST} on and before 2100",
        ),
        (
            args.interactions > args.days * shape.MOST_A_DAY,
            f"{args.interactions} interactions on {args.days} days, allowed are {shape.MOST_A_DAY:,} a day",
        ),
    )
    return next((f"found {what}" for is_wrong, what in found if is_wrong), None)


def generate(args: argparse.Namespace, files: Files) -> Answer:
    """Write the files block by block, and return what is known of them; memory holds one block, or the busiest user."""
    answer, pages = Answer(files.calendar), _pages(args.interactions)
    files.make_directories()
    hot = round(args.interactions * args.hot_share)
    _add_block(args, files, answer, pages, np.arange(1), hot)
    others = args.interactions - hot
    blocks = min(args.users - 1, 1 + others // INTERACTIONS_A_BLOCK)
    # Users are dealt out like cards: each block has some of the busy ones.
    members = [np.arange(1 + block, args.users, blocks) for block in range(blocks)]
    rates = np.cumsum([np.cumsum(activity(numbers))[-1] for numbers in members])
    done = 0
    for numbers, rate in zip(members, (rates / rates[-1]).tolist(), strict=True):
        due = round(others * rate)
        _add_block(args, files, answer, pages, numbers, due - done)
        done = due
    if args.odd_records:
        odd = odd_records.odd_records(files.calendar)
        odd.count(answer)
        for kind in NOTES.kinds:
            for name, content in odd.files(kind).items():
                files.add_file(kind.name, name, content)
    files.compress_first()
    return answer


def _pages(interactions: int) -> tuple[list[bytes], np.ndarray]:
    """Return the names of all pages, and their popularity by Zipf's law, which adds up."""
    number = min(shape.MOST_PAGES, max(shape.FEWEST_PAGES, interactions // shape.INTERACTIONS_A_PAGE))
    return texts.pages(number), np.cumsum(1 / np.arange(1, number + 1))


def _add_block(
    args: argparse.Namespace,
    files: Files,
    answer: Answer,
    pages: tuple[list[bytes], np.ndarray],
    numbers: np.ndarray,
    interactions: int,
) -> None:
    calendar, rng = files.calendar, np.random.Generator(np.random.PCG64([args.seed, _BLOCKS, int(numbers[0])]))
    users = people(rng, args.seed, numbers, calendar)
    if not numbers[0]:
        users = _always_there(users, calendar)
    records = user_records(rng, users, calendar)
    answer.dirt[USERS.name].rejected["conflicting_user"] += records.contradictions
    _add(rng, files, answer, USERS.name, records.lines, records.at)
    answer.dirt[USERS.name].accepted -= records.contradictions
    if interactions:
        visits = make_visits(rng, interactions, activity(numbers), users, calendar)
        made = make_interactions(rng, visits, users, pages[1], calendar)
        answer.add(made, users)
        _add(rng, files, answer, INTERACTIONS.name, lines_of(rng, made, users, pages[0]), made.time)


def _always_there(hot: People, calendar: Calendar) -> People:
    """Let the busiest user come on all days of the log."""
    first = np.zeros(1, np.int64)
    return replace(
        hot, first_day=first, last_day=first + calendar.days - 1, join_day=np.maximum(first - 30, calendar.earliest)
    )


def _add(
    rng: np.random.Generator, files: Files, answer: Answer, kind: str, records: list[bytes], at: np.ndarray
) -> None:
    """Write records of a kind, and bad ones beside them; some come days late."""
    is_late = rng.random(len(records)) < shape.LATE
    late = is_late * rng.integers(1, shape.MOST_DAYS_LATE + 1, len(records)) * shape.DAY
    lines, arrivals = answer.dirt[kind].add(rng, records, at + late)
    files.add(kind, lines, arrivals)


if __name__ == "__main__":
    main()
