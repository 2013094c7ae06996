"""The part of the command line that all three jobs have; a bad argument fails before Spark starts."""

from __future__ import annotations

import argparse
from datetime import date


def job_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser that knows `--lake` and `--run-date`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--lake", required=True, type=local_path, help="root of the lake: a local path")
    parser.add_argument("--run-date", required=True, type=iso_date, help="the partition this run owns, YYYY-MM-DD")
    return parser


def add_input_root(parser: argparse.ArgumentParser) -> None:
    """Add `--input-root`, for the jobs that read more than the lake."""
    parser.add_argument("--input-root", default="", help="directory all that is read must be below; empty: anywhere")


def local_path(text: str) -> str:
    """Read a path of this machine, or of a file system that all workers have mounted."""
    if "://" in text:
        raise argparse.ArgumentTypeError(f"found {text!r}, allowed is a local path; mount an object store to use one")
    return text


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
