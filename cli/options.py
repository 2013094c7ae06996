"""The options that commands share: which log, which lake, which run date."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated

from typer import BadParameter, Option

from include.deployment.jars import PROJECT
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.logs import contracts

DEFAULT_LOG = "listening"
DEFAULT_LAKE = "lake"
LAST_PORT = 65535


class YesNo(StrEnum):
    """An option with two answers."""

    YES = "yes"
    NO = "no"


def logs() -> list[str]:
    """Name the logs that have a DAG."""
    return [name for name in contracts() if (PROJECT / "dags" / f"{name}.py").exists()]


def log_in(args: Sequence[str]) -> str:
    """Return the log that a command line names, before the rest of it is read; the default where it names none."""
    after = [args[place + 1] for place, word in enumerate(args[:-1]) if word == "--log"]
    named = after + [word.removeprefix("--log=") for word in args if word.startswith("--log=")]
    return next((name for name in named if name in logs()), DEFAULT_LOG)


def _log(text: str) -> str:
    if text not in logs():
        raise BadParameter(f"found {text!r}, allowed is {' or '.join(logs())}")
    return text


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadParameter(f"found {text!r}, allowed is a date as YYYY-MM-DD") from None


def home(path: str) -> str:
    """Return a path in which `~` is the home directory: after `--name=` no shell replaces it."""
    return os.path.expanduser(path)


RUN_DATE = Option(metavar="YYYY-MM-DD", parser=_date, help="The day that the run is for (UTC).")
LogName = Annotated[str, Option(metavar="|".join(logs()), parser=_log, help="The log.")]
LakeRoot = Annotated[
    str, Option(metavar="PLACE", parser=home, help="Root of the lake: a directory, or s3://bucket/prefix.")
]


def lake_at(root: str, log: str) -> Lake:
    """Return what the lake at a root has of a log; raises LakePlaceError."""
    # Not above: it takes a second, and a misspelt option needs no lake.
    from spark_jobs.lake.catalog import lake_catalog

    return Lake(lake_catalog(root).root, log)


def existing_lake(root: str, log: str) -> Lake:
    """Return a lake, for a command that only reads it; raises BadParameter where there is none."""
    lake = lake_at(root, log)
    if not lake.catalog.is_there:
        raise BadParameter(
            f"found {lake.root}, which has no catalog.db; allowed is a lake that a run has made", param_hint="'--lake'"
        )
    return lake
