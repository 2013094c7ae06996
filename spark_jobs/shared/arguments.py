"""The part of the command line that all three jobs have; a bad argument fails before Spark starts."""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from typing import Any

from spark_jobs.lake.catalog import lake_catalog
from spark_jobs.lake.errors import LakePlaceError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.logs import contracts
from spark_jobs.shared.session_gap import SESSION_GAP

# The run of somebody who starts a job by hand.
MANUAL = "manual"


def job_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser that knows `--lake`, `--log`, `--run-date`, `--run-id` and `--record`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--lake", required=True, type=lake_root, help="the lake: a local path or s3://bucket/prefix")
    parser.add_argument("--log", required=True, choices=list(contracts()), help="the log this run is of")
    parser.add_argument("--run-date", required=True, type=iso_date, help="the date this run answers for, YYYY-MM-DD")
    parser.add_argument("--run-id", default=MANUAL, help="the id of the run, by which it is published")
    parser.add_argument("--record", default="", help="where the record is written; empty: where the lake keeps it")
    return parser


def parsed(parser: argparse.ArgumentParser, argv: list[str] | None) -> dict[str, Any]:
    """Read a command line; `lake` is what the lake has of the log.

    Exits with code 2 and a message on a bad argument.
    """
    found = vars(parser.parse_args(argv))
    log = found.pop("log")
    return {**found, "lake": Lake(found["lake"], log)}


def add_input_root(parser: argparse.ArgumentParser) -> None:
    """Add `--input-root`, for the jobs that read more than the lake."""
    parser.add_argument("--input-root", default="", help="directory all that is read must be below; empty: anywhere")


def add_session_gap(parser: argparse.ArgumentParser, noun: str) -> None:
    """Add `--session-gap-minutes`, which becomes a job's `gap`."""
    minutes = str(SESSION_GAP // timedelta(minutes=1))
    parser.add_argument("--session-gap-minutes", dest="gap", type=_minutes, default=minutes, help=noun)


def lake_root(text: str) -> str:
    """Read the root of a lake, which must fit the catalog that the environment names."""
    try:
        lake_catalog(text)
    except LakePlaceError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def snapshot_id(text: str) -> int | None:
    """Read the id of a snapshot; none of an empty text."""
    return positive_int(text) if text else None


def iso_date(text: str) -> date:
    """Read YYYY-MM-DD."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"found {text!r}, allowed is a date as YYYY-MM-DD") from None


def positive_int(text: str) -> int:
    """Read a whole number from 1."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"found {text!r}, allowed is a whole number from 1")
    return int(text)


def _minutes(text: str) -> timedelta:
    return timedelta(minutes=positive_int(text))
