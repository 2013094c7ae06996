"""Read the arguments of a command: the words NAME=value that make passes, those that were typed after it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches

from cli.terminal import console, plain
from spark_jobs.lake.catalog import lake_catalog
from spark_jobs.shared.lake import Lake


class ArgumentError(RuntimeError):
    """An argument is not known; the message says what was found and what is allowed."""


def read(target: str, *names: str, paths: Sequence[str] = (), words: Sequence[str] | None = None) -> dict[str, str]:
    """Return the values that are not empty, by name; `~` in front of one of the `paths` is a home directory.

    A variable that is only exported is left aside, in a line: other programs have variables of the same names.
    Raises ArgumentError for a word that is no argument of this target.
    """
    allowed = (*names, *paths)
    given = dict(_split(word, allowed) for word in (sys.argv[1:] if words is None else words))
    aside = [name for name in allowed if os.environ.get(name) and name not in given]
    if aside:
        said = " ".join(f"{name}=..." for name in aside)
        console.print(f"Left aside: {', '.join(aside)} from the environment; say it after make: make {target} {said}")
    return {name: os.path.expanduser(value) if name in paths else value for name, value in given.items() if value}


def run_date_of(given: Mapping[str, str]) -> date:
    """Return the date that RUN_DATE names; raises ArgumentError where it names none."""
    text = given.get("RUN_DATE", "")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentError(f"RUN_DATE: found {text!r}, allowed is a date as YYYY-MM-DD") from None


def lake_of(given: Mapping[str, str]) -> Lake:
    """Return the lake that LAKE names, a path or `s3://bucket/prefix`; raises LakePlaceError."""
    return Lake(lake_catalog(given.get("LAKE", "lake")).root, "listening")


def existing_lake(given: Mapping[str, str]) -> Lake:
    """Return the lake that LAKE names, for a command that only reads it; raises ArgumentError where there is none."""
    lake = lake_of(given)
    if not lake.catalog.is_there:
        raise ArgumentError(f"LAKE: found {lake.root}, which has no catalog.db; allowed is a lake that a run has made")
    return lake


def _split(word: str, allowed: Sequence[str]) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    # `make NAME:=value` and `make NAME+=value` arrive as NAME=value.
    if equals and name in allowed:
        return name, value
    near = get_close_matches(name.upper(), allowed, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise ArgumentError(f"found {plain(word)}, allowed are {', '.join(allowed)}{hint}")


def named(word: str) -> bool:
    """Return whether a word is an argument, and not an option or a file.

    >>> named("OSV_URL=http://a"), named("--if-reachable"), named("a=b")
    (True, False, False)
    """
    return re.match("[A-Z_]+=", word) is not None
