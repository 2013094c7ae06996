"""Write the log of an online shop of any size, the same records for the same options.

The log is a directory with `events/`, `transactions/`, `users/` and `products/`; a file holds what arrived on a day.
What it has, and in which shares, is in `include.sample_data.shop.shape`. Beside it lies its answer,
`<log>.answer.json`: see `include.sample_data.shop.answer`.

With `--daily 3` each of the last three days has a directory of its own, and all days before them have one together.
They are named by run dates: the first one is for a full run, each other one for a daily load.

    python -m include.sample_data.shop.generate_log --events 4000 --days 14 --odd-records sample
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from datetime import date
from pathlib import Path

import numpy as np

from include.sample_data.shop import odd_log, odd_records, shape
from include.sample_data.shop.answer import Answer, beside
from include.sample_data.shop.calendar import Calendar
from include.sample_data.shop.catalogue import Catalogue, catalogue, product_records, products_in
from include.sample_data.shop.files import Files
from include.sample_data.shop.lines import write_events
from include.sample_data.shop.orders import make_orders
from include.sample_data.shop.people import People, people, user_records
from include.sample_data.shop.records import Line
from include.sample_data.shop.visits import make_visits
from spark_jobs.logs.shop.contract import PRODUCTS, SHOP, SINCE, TRANSACTIONS, USERS

LAST_DAY = date(2026, 11, 29)
FEWEST_EVENTS = 1_000
FEWEST_USERS, USERS_A_BLOCK = 2, 1_000
_BLOCKS, _PRODUCTS = 3, 4


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
    print(f"{args.output}: {answer.dirt['events'].accepted:,} events, seed {args.seed}", file=sys.stderr)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, help="the directory to write, which is not there yet")
    parser.add_argument("--events", type=int, default=1_000_000, help="good events to write (%(default)s)")
    parser.add_argument("--users", type=int, help=f"users (one for {shape.EVENTS_A_USER} events)")
    parser.add_argument("--seed", type=int, default=1000, help="the same seed gives the same records (%(default)s)")
    parser.add_argument("--last-day", type=_day, default=LAST_DAY, help="the last day of the log (%(default)s)")
    parser.add_argument("--days", type=int, default=30, help="how many days it has (%(default)s)")
    parser.add_argument("--daily", type=int, default=0, help="so many last days are directories of their own")
    parser.add_argument("--odd-records", action="store_true", help="add records for every reason and every warning")
    args = parser.parse_args(argv)
    args.users = args.users or max(FEWEST_USERS, args.events // shape.EVENTS_A_USER)
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
    if args.output.exists():
        return f"found {args.output}, which is there already; remove it, or name another directory"
    if args.events < FEWEST_EVENTS:
        return f"found {args.events} events, allowed are {FEWEST_EVENTS:,} or more"
    if not FEWEST_USERS <= args.users <= args.events // shape.EVENTS_A_VISIT:
        return f"found {args.users} users, allowed are 2 or more, and at least {shape.EVENTS_A_VISIT} events for each"
    if not 0 <= args.daily < args.days:
        return f"found {args.daily} daily parts of {args.days} days, allowed are fewer parts than days"
    first = Calendar(args.last_day, args.days).date_of(0)
    if not (SINCE.since < first and args.last_day < date(2100, 1, 1)):
        return f"found the days {first} to {args.last_day}, allowed are days after {SINCE.since} and before 2100"
    return None


def generate(args: argparse.Namespace, files: Files) -> Answer:
    """Write the files block by block, and return what is known of them; memory holds the users of one block."""
    calendar = files.calendar
    answer, products = Answer(calendar), catalogue(args.seed, products_in(args.events), calendar)
    files.make_directories()
    rng = np.random.Generator(np.random.PCG64([args.seed, _PRODUCTS]))
    _add(rng, files, answer, PRODUCTS.name, product_records(products, calendar))
    done = 0
    for first in range(0, args.users, USERS_A_BLOCK):
        number = min(USERS_A_BLOCK, args.users - first)
        due = args.events * (first + number) // args.users
        rng = np.random.Generator(np.random.PCG64([args.seed, _BLOCKS, first]))
        _add_block(rng, files, answer, people(args.seed, first, number), products, due - done)
        done = due
    if args.odd_records:
        odd = odd_records.odd_records(calendar)
        odd.count(answer)
        for kind in SHOP.kinds:
            files.add_file(kind.name, odd_log.NAME, odd.content(kind.name))
    files.compress_first()
    return answer


def _add_block(
    rng: np.random.Generator, files: Files, answer: Answer, users: People, products: Catalogue, events: int
) -> None:
    calendar = files.calendar
    visits = make_visits(rng, events, users.activity, products.popularity, calendar)
    orders = make_orders(rng, visits, users, products, calendar)
    written = write_events(rng, visits, orders, users, products)
    at = visits.events.time + _lateness(rng, events)
    lines, arrivals, copies = answer.dirt[SHOP.events.name].add(rng, written.lines, at, visits.events.type)
    files.add(SHOP.events.name, lines, arrivals)
    answer.warnings[SHOP.events.name].update(written.count(copies))
    answer.add_visits(visits, orders.failed)
    answer.add_orders(orders)
    _add(rng, files, answer, TRANSACTIONS.name, orders.records)
    _add(rng, files, answer, USERS.name, user_records(rng, users, calendar))


def _lateness(rng: np.random.Generator, records: int) -> np.ndarray:
    """Draw by how much each record is late, in microseconds: most are not."""
    is_late = rng.random(records) < shape.LATE
    return is_late * rng.integers(1, shape.MOST_DAYS_LATE + 1, records) * shape.DAY


def _add(rng: np.random.Generator, files: Files, answer: Answer, kind: str, records: list[Line]) -> None:
    """Write records of a kind, and bad ones beside them."""
    at = np.array([record.at for record in records], np.int64) + _lateness(rng, len(records))
    lines, arrivals, copies = answer.dirt[kind].add(rng, [record.line for record in records], at)
    files.add(kind, lines, arrivals)
    for record, copied in zip(records, copies.tolist(), strict=True):
        for warning in record.warnings:
            answer.warnings[kind][warning] += 1 + copied


if __name__ == "__main__":
    main()
