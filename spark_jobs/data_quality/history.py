"""What a daily load has to know of the log it adds to: which files that took in, and which listens it has already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from spark_jobs.shared import lineage, storage
from spark_jobs.shared.buckets import buckets_of, read_listens
from spark_jobs.shared.errors import DataError, MissingPartitionError
from spark_jobs.shared.input_files import InputFile
from spark_jobs.shared.lake import RUNS, Lake
from spark_jobs.shared.lineage import Input, Log
from spark_jobs.shared.schemas import LISTEN_KEY
from spark_jobs.shared.spans import as_spans, reach

# How late listens are counted, in days after the day they were listened to on: up to each of these, or later.
LATE_DAYS = (1, 7, 30, 365)
# Of so many listens a driver of 2 GiB can give each executor all. More are joined by a shuffle, or too many to be known
# already: what finds duplicates must not move the rows.
FEW_LISTENS, MOST_KNOWN = 1_000_000, 2_000_000


class KnownListensError(DataError):
    """Most of what a daily load should add is in the log already."""


@dataclass(frozen=True)
class Base:
    """The log that a daily load adds to, how many buckets it has, and what its record says of its listens."""

    log: Log
    buckets: int
    figures: dict[str, Any]


@dataclass(frozen=True)
class Arrivals:
    """The files of an input, told apart by the log they are added to.

    `new` are to be read. Some of them are `changed`: the log has taken in a file of their name, of another size or
    time. Those of `known` it has taken in as they are, and they are not read again.
    """

    new: list[InputFile]
    changed: list[InputFile]
    known: list[InputFile]


def base_of(spark: SparkSession, lake: Lake, run_date: date) -> Base | None:
    """The log that the day before left; None in a lake that has no earlier run date: there a log begins.

    Raises MissingPartitionError when there are earlier days, but not the one before, or when the run date itself once
    added to one that is gone: the listens before it would be lost.
    """
    before = lineage.base_date(run_date)
    earlier = [day for day in storage.run_dates(spark, lake, RUNS) if day < run_date]
    if not earlier:
        _check_that_it_begins(spark, lake, run_date)
        return None
    if before not in earlier:
        raise MissingPartitionError(
            f"a daily load for {run_date} adds to the log of {before}, which has not been run: run the days from "
            f"{max(earlier) + timedelta(days=1)} to {before} first, in order, or this one with load=full"
        )
    log = storage.read_log(spark, lake, before)
    figures = storage.read_stage_record(spark, lake, lineage.KEPT_BY, before)["log"]
    return Base(log, buckets_of(spark, lake, log.parts[0]), figures)


def _check_that_it_begins(spark: SparkSession, lake: Lake, run_date: date) -> None:
    try:
        own = storage.read_log(spark, lake, run_date)
    except MissingPartitionError:
        return
    if own.base:
        raise MissingPartitionError(
            f"{run_date} was added to the listens of {own.base.run_date}, which are gone: run it with load=full and "
            "the whole log as its input"
        )


def log_of(run_date: date, base: Base | None, files: Sequence[InputFile], buckets: int) -> Log:
    """The log that a run makes of these files, added to its base if it has one."""
    taken_in = [as_input(file) for file in files]
    if base is None:
        return lineage.new_log(run_date, taken_in, buckets)
    return lineage.grown_log(base.log, run_date, taken_in, buckets)


def arrivals(files: Sequence[InputFile], base: Base | None) -> Arrivals:
    """Tell the files of an input apart; without a base all are new."""
    taken_in = set(base.log.inputs) if base else set()
    names = {file.file for file in taken_in}
    new = [file for file in files if as_input(file) not in taken_in]
    known = [file for file in files if as_input(file) in taken_in]
    return Arrivals(new, [file for file in new if file.name in names], known)


def news(arrived: Arrivals, late: dict[str, Any] | None, known_listens: int) -> dict[str, Any]:
    """What a record tells of how a day's input differs from the log: late listens, and what was there before."""
    return {
        "late": late,
        "known_listens": known_listens,
        "files_changed": sorted(file.name for file in arrived.changed),
        "files_known": sorted(file.name for file in arrived.known),
    }


def as_input(file: InputFile) -> Input:
    """How a log remembers a file."""
    return Input(file.name, file.size, file.modified)


def listens_there(spark: SparkSession, lake: Lake, log: Log, classified: DataFrame, area: str) -> DataFrame:
    """Which listens among some classified lines a log has already: rows of LISTEN_KEY.

    The lines are read once more for it, the log only where their listens can be. Raises KnownListensError when there
    are more than MOST_KNOWN.
    """
    counted, is_listen = Observation("new"), F.col("reason").isNull()
    # Observed, for a filter right on them would take each line apart again for each field that it asks for.
    listens = classified.observe(counted, F.count_if(is_listen).alias("listens")).where(is_listen)
    new = storage.materialized(listens.select(*LISTEN_KEY), f"{area}/new")
    near = read_listens(spark, lake, log.parts).where(reach(as_spans(new)))
    new = F.broadcast(new) if counted.get["listens"] <= FEW_LISTENS else new
    # The key is unique on the left; whatever repeats on the right makes no row more.
    there = storage.materialized(
        near.select(*LISTEN_KEY).join(new, on=list(LISTEN_KEY), how="left_semi"), f"{area}/there"
    )
    known = there.count()
    if known > MOST_KNOWN:
        raise KnownListensError(
            f"{known:,} of the listens are in the log already, allowed with load=daily are {MOST_KNOWN:,}: the input "
            "is not what a day adds; nothing was published: run with load=full and the whole log as its input, or give "
            "what is new a file of its own"
        )
    return there


def late_listens(listens: DataFrame, run_date: date) -> dict[str, Any]:
    """How many of a day's new listens are of earlier days, and by how many days."""
    days = F.date_diff(F.lit(run_date), F.to_date("listened_at"))
    bounds = zip((0, *LATE_DAYS), LATE_DAYS, strict=False)
    (row,) = listens.agg(
        F.count_if(days > 0).alias("listens"),
        F.coalesce(F.max(F.when(days > 0, days)), F.lit(0)).alias("most_days"),
        *(F.count_if((days > low) & (days <= high)).alias(f"up_to_{high}_days") for low, high in bounds),
        F.count_if(days > LATE_DAYS[-1]).alias("later"),
    ).collect()
    return row.asDict()


def log_figures(base: Base | None, figures: dict[str, Any]) -> dict[str, Any]:
    """How many listens the whole log has, and from when to when, given those of this run."""
    before = base.figures if base else {"listens": 0, "first_listened_at": None, "last_listened_at": None}
    ends = {
        name: choose([at for at in (before[name], figures[name]) if at], default=None)
        for name, choose in (("first_listened_at", min), ("last_listened_at", max))
    }
    return {"listens": before["listens"] + figures["rows"]["listens_kept"], **ends}
