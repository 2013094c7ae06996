"""What a daily load has to know of the log it adds to: which files that took in, and which events it has already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pyiceberg.catalog import Catalog
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from spark_jobs.data_quality.duplicates import are_same
from spark_jobs.data_quality.kinds import Kind
from spark_jobs.lake import published, tries
from spark_jobs.lake.published import Published
from spark_jobs.lake.stamps import stamp_of
from spark_jobs.shared.documents import read_publication
from spark_jobs.shared.errors import DataError
from spark_jobs.shared.input_files import InputFile
from spark_jobs.shared.intervals import UserTime, as_intervals, pushdown_filter
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord, LateEvents, ListedFile, LogTotals, NewInput
from spark_jobs.shared.scratch import Keep

# How late events are counted, in days after their own day: up to each of these, or later.
LATE_DAYS = (1, 7, 30, 365)
# Of so many events a driver of 2 GiB can give each executor all. More are joined by a shuffle, or too many to be known
# already: what finds duplicates must not move the rows.
FEW_EVENTS, MOST_KNOWN = 1_000_000, 2_000_000


class KnownEventsError(DataError):
    """Most of what a daily load should add is in the log already."""


class OtherMaskingKeyError(DataError):
    """A daily load would hash sensitive values by another key than the log it adds to."""


class LostBaseError(DataError):
    """What a daily load was added to is gone: begun anew, its log would lack all that was before."""


@dataclass(frozen=True)
class Base:
    """The run that a daily load adds to, and the record of how its log was made."""

    lake: Lake
    run: Published
    record: DataQualityRecord

    def of(self, kind: Kind) -> int:
        """Return the snapshot of all records of a kind."""
        return self.run.snapshots[kind.accepted.name]


@dataclass(frozen=True)
class Arrivals:
    """The files of an input, told apart by the log they are added to.

    `new` are to be read. Some of them are `changed`: the log has taken in a file of their name, of another size or
    time. Those of `known` it has taken in as they are, and they are not read again.
    """

    new: list[InputFile]
    changed: list[InputFile]
    known: list[InputFile]


def base_of(lake: Lake, catalog: Catalog, run_date: date) -> Base | None:
    """The latest run before that is published; None in a lake that has none: there a log begins.

    Raises BackwardsError where a later date is published without this one, LostBaseError where the date itself was once
    added to a run that is gone, MissingRecordError or OtherRecordError where what the base has left is gone.
    """
    found = published.base_of(catalog, lake.log, lake.answer, run_date)
    if found is None:
        _check_that_it_begins(lake, catalog, run_date)
        return None
    return Base(lake, found, read_publication(lake, found.run_date, found.snapshots).data_quality)


def check_masking_key(base: Base | None, key: str) -> None:
    """Raise OtherMaskingKeyError where the log to add to was masked with another key, or with none.

    A record that comes again would be another one there.
    """
    before = base.record.masking_key if base else key
    if base and key != before:
        raise OtherMaskingKeyError(
            f"the log up to {base.run.run_date} has sensitive values hashed by {_named(before)}, this run would hash "
            f"them by {_named(key)}, and count records that come again twice; nothing was published: give Spark the "
            "PIPELINE_MASKING_KEY and PIPELINE_MASKING_KEY_ID of that log, or run with load=full and the whole log"
        )


def _named(key: str) -> str:
    return f"the key {key}" if key else "no key"


def _check_that_it_begins(lake: Lake, catalog: Catalog, run_date: date) -> None:
    events = lake.contract.events.name
    table = catalog.load_table((lake.log, events))
    own = published.tags_of(table).get(run_date)
    stamp = stamp_of(table, own) if own else None
    if stamp and events in stamp.made_from:
        raise LostBaseError(
            f"{run_date} was added to the {events} of an earlier run, which is gone: run it with load=full and the "
            "whole log as its input"
        )


def inputs_of(base: Base | None, files: Sequence[InputFile]) -> tuple[ListedFile, ...]:
    """All files that a log has ever taken in, these the last, as a record keeps them."""
    return (*(base.record.inputs if base else ()), *(file.listed for file in files))


def arrivals(files: Sequence[InputFile], base: Base | None) -> Arrivals:
    """Tell the files of an input apart; without a base all are new."""
    taken_in = set(base.record.inputs if base else ())
    names = {file.file for file in taken_in}
    is_known = {file: file.listed in taken_in for file in files}
    new = [file for file in files if not is_known[file]]
    known = [file for file in files if is_known[file]]
    return Arrivals(new, [file for file in new if file.name in names], known)


def news(arrived: Arrivals, late: LateEvents, known_events: int) -> NewInput:
    """What a record tells of how a day's input differs from the log: late events, and what was there before."""
    return NewInput(
        late=late,
        known_events=known_events,
        files_changed=tuple(sorted(file.name for file in arrived.changed)),
        files_known=tuple(sorted(file.name for file in arrived.known)),
    )


def events_there(spark: SparkSession, base: Base, kind: Kind, classified: DataFrame, keep: Keep) -> DataFrame | None:
    """Which events among some classified lines a log has already: rows of the columns `same`; None if it has none.

    The lines are read once more for it, the log only where their events can be. First come user and time alone, which
    are quick to read. The other columns are compared only where these agree. Raises KnownEventsError when there are
    more than MOST_KNOWN.
    """
    records, key = kind.records, UserTime(kind.owner, kind.records.time)
    counted, is_accepted = Observation("new"), F.col("reason").isNull()
    # Observed, for a filter right on them would take each line apart again for each field that it asks for.
    accepted = classified.observe(counted, F.count_if(is_accepted).alias("records")).where(is_accepted)
    new = keep(accepted.select(*records.same))
    before = tries.read(spark, base.lake.log, kind.accepted, base.of(kind))
    near = before.where(pushdown_filter(as_intervals(new, key), key)).select(key.user, key.time)
    few = F.broadcast if counted.get["records"] <= FEW_EVENTS else _as_it_is
    # The key is unique on the left; whatever repeats on the right makes no row more.
    at_once = keep(near.join(few(new.select(key.user, key.time)), on=[key.user, key.time], how="left_semi"))
    if not at_once.count():
        return None
    there = before.where(pushdown_filter(as_intervals(at_once, key), key)).select(*records.same)
    there = keep(there.join(few(new), on=are_same(there, new, records), how="left_semi"))
    known = there.count()
    if known > MOST_KNOWN:
        raise KnownEventsError(
            f"{known:,} of the {records.name} are in the log already, allowed with load=daily are {MOST_KNOWN:,}: the "
            "input is not what a day adds; nothing was published: run with load=full and the whole log as its input, "
            "or give what is new a file of its own"
        )
    return there if known else None


def _as_it_is(rows: DataFrame) -> DataFrame:
    return rows


def late_events(events: DataFrame, time: str, run_date: date) -> LateEvents:
    """Count a day's new events of earlier days, and by how many days they are late. Runs Spark over them."""
    days = F.date_diff(F.lit(run_date), F.to_date(time))
    bounds = zip((0, *LATE_DAYS), LATE_DAYS, strict=False)
    (row,) = events.agg(
        F.count_if(days > 0).alias("events"),
        F.coalesce(F.max(F.when(days > 0, days)), F.lit(0)).alias("most_days"),
        *(F.count_if((days > low) & (days <= high)).alias(f"up_to_{high}_days") for low, high in bounds),
        F.count_if(days > LATE_DAYS[-1]).alias("later"),
    ).collect()
    return LateEvents(**row.asDict())


def log_totals(before: LogTotals | None, added: int, first: datetime | None, last: datetime | None) -> LogTotals:
    """How many records of a kind the whole log has, and from when to when, given those before and those of this run."""
    before = before or LogTotals(events=0, first_event_at=None, last_event_at=None)
    return LogTotals(
        events=before.events + added,
        first_event_at=min((at for at in (before.first_event_at, first) if at), default=None),
        last_event_at=max((at for at in (before.last_event_at, last) if at), default=None),
    )
