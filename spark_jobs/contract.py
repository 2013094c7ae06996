"""What the contract of a log can say of its records: plain data, without pyspark.

A contract is written once, in `spark_jobs/logs/<log>/contract.py`. From it come the schemas (Spark's and JSON's), the
reasons and warnings with a sentence for each, the structural expectations of the checks, and the docs' tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from spark_jobs.fields import Choice, Field
from spark_jobs.limits import Limit, Parameter

# --- Formats of files.


@dataclass(frozen=True)
class TabSeparated:
    """Fields in their order between tabs, one record a line, no header, no quotes.

    `endings`, of every format: how the names of its files end.
    """

    endings: tuple[str, ...] = (".tsv", ".tsv.gz")


@dataclass(frozen=True)
class Csv:
    """RFC 4180 with a header: fields by name, in any order; a quote is doubled, a backslash is a character.

    A longer record than `longest_record` bytes is none, and only its beginning is kept: a quote that never closes would
    bring the rest of a file into memory.
    """

    endings: tuple[str, ...] = (".csv", ".csv.gz")
    longest_record: int = 2**20


@dataclass(frozen=True)
class JsonLines:
    """One JSON object a line; names that the contract lacks are counted and left out.

    A longer line than `longest_line` bytes is no record: reading any value of it could take all of Spark's memory.
    """

    endings: tuple[str, ...] = (".jsonl", ".jsonl.gz")
    longest_line: int = 2**20


Format = TabSeparated | Csv | JsonLines

# --- Rules.

# The reason that no record shows by itself: another one says the same.
DUPLICATE = "duplicate"
# The column with a hash of all that a record says, where `same` names it: what is sensitive is kept in no other way.
ROW_KEY = "row_key"
# The column with the names of a record that the contract lacks, where records have names.
UNNAMED_FIELDS = "unnamed_fields"
# The warning of a record that has such names.
UNNAMED_FIELD = "unnamed_field"


@dataclass(frozen=True)
class Reason:
    """Why a record is rejected: its name in tables, and a sentence for people."""

    name: str
    sentence: str


@dataclass(frozen=True)
class Warning:
    """What a record that is kept is counted for, and a sentence for people. `across`: only other records show it."""

    name: str
    sentence: str
    across: bool = False


@dataclass(frozen=True)
class Plausible:
    """Times from `since` 00:00 UTC on, up to the end of the day so many days after the run date."""

    since: date
    days_after_run_date: int = 1

    def before(self, run_date: date) -> date:
        """Return the first day (UTC) that is too late.

        >>> Plausible(date(2002, 1, 1)).before(date(2009, 5, 4))
        datetime.date(2009, 5, 6)
        """
        return run_date + timedelta(days=self.days_after_run_date + 1)


def missing(fields: tuple[Field, ...]) -> tuple[Reason, ...]:
    """Return the reason `missing_<field>` of every field that is required anywhere, in their order."""
    return tuple(
        Reason(f"missing_{one.name}", f"The {one.name} is absent, null, or nothing but white space{_where(one)}.")
        for one in fields
        if one.required
    )


def invalid(fields: tuple[Field, ...]) -> tuple[Reason, ...]:
    """Return the reason `invalid_<field>` of every field that is required anywhere, in their order."""
    return tuple(
        Reason(f"invalid_{one.name}", f"The {one.name} is not {one.type.words}{_where(one)}.")
        for one in fields
        if one.required
    )


def invalid_optional(fields: tuple[Field, ...]) -> tuple[Warning, ...]:
    """Return the warning `invalid_<field>` of every field that may be absent from some records, in their order."""
    return tuple(
        Warning(f"invalid_{one.name}", f"The {one.name} is not {one.type.words}; it is stored as null.")
        for one in fields
        if one.required is not True
    )


def _where(one: Field) -> str:
    return f", on {' and '.join(one.required)}" if isinstance(one.required, tuple) else ""


# --- Records and the log.


@dataclass(frozen=True)
class Records:
    """One kind of records of a log: its fields, and what becomes of a record.

    `name` is the table of the accepted ones, and the input's directory where a log has several kinds.
    `reasons` in order: the first that applies counts. `same`: the columns in which two records agree that are one.
    `order`: the columns that order records of equal times, so that every run orders them alike. `varied`: columns with
    too many values for a dictionary, for which Parquet would make one and give it up, file by file. `owner`: the column
    that says whose or of what the record is, if not the log's user. `duplicates_warned`: a duplicate has warnings too.
    `conflicting`: where an owner has one record, the first by `time` and `order`, the reason of all others.
    """

    name: str
    fields: tuple[Field, ...]
    reasons: tuple[Reason, ...]
    same: tuple[str, ...]
    warnings: tuple[Warning, ...] = ()
    time: str = ""
    plausible: Plausible | None = None
    type_field: str = ""
    order: tuple[str, ...] = ()
    varied: tuple[str, ...] = ()
    owner: str = ""
    duplicates_warned: bool = False
    conflicting: str = ""

    def named(self, name: str) -> Field:
        """Return the field of this name; raises KeyError when there is none."""
        for one in self.fields:
            if one.name == name:
                return one
        raise KeyError(f"{self.name} have no field {name!r}; there are {', '.join(one.name for one in self.fields)}")

    @property
    def reason_names(self) -> tuple[str, ...]:
        """Return the names of the reasons, in order."""
        return tuple(reason.name for reason in self.reasons)

    @property
    def own_reasons(self) -> tuple[str, ...]:
        """Return the names of the reasons that a record shows by itself, in order."""
        return tuple(name for name in self.reason_names if name not in (DUPLICATE, self.conflicting))

    @property
    def warning_names(self) -> tuple[str, ...]:
        """Return the names of the warnings, in order."""
        return tuple(warning.name for warning in self.warnings)

    @property
    def own_warnings(self) -> tuple[str, ...]:
        """Return the names of the warnings that a record shows by itself, in order."""
        return tuple(warning.name for warning in self.warnings if not warning.across)

    @property
    def across_warnings(self) -> tuple[str, ...]:
        """Return the names of the warnings that only other records show, in order."""
        return tuple(warning.name for warning in self.warnings if warning.across)

    def values_of(self, column: str) -> tuple[str, ...]:
        """Return the texts that a column can have; raises KeyError unless it is that of a `Choice`."""
        for one in self.fields:
            if one.column == column and isinstance(one.type, Choice):
                return one.type.values
        raise KeyError(f"{self.name} have no column {column!r} of a Choice")

    @property
    def always_known(self) -> tuple[str, ...]:
        """Return the columns that are null in no accepted record."""
        hashed = (ROW_KEY,) if self.has_row_key else ()
        return (*(one.column for one in self.fields if one.required is True), *hashed)

    @property
    def has_row_key(self) -> bool:
        """Return whether records are told apart by a hash of all that they say."""
        return ROW_KEY in self.same


@dataclass(frozen=True)
class Implausible:
    """Which sessions nobody has: a script, a broken clock, or several people under one name. Flagged, never cut.

    They have more than `events_per_minute` over at least `over_at_least` events, or last longer than `longest`.
    """

    events_per_minute: int
    over_at_least: int
    longest: timedelta


@dataclass(frozen=True)
class Sessions:
    """How events become sessions: a longer pause than `gap` opens one; what is counted in each.

    `events`: the column with the number of its events. `distinct`: a column, and the columns of an event whose
    different values it counts, nulls left out. `each`: a column of an event, one of a `Choice`; sessions count each of
    its values. `first`: columns of an event; a session has those of its first one. `implausible`: sessions of this kind
    have the flag `is_implausible`. `lasts`: the column with the milliseconds that an event lasts, an `Integer`, at most
    until the user's next one; sessions have their active time by it, and end when their last event does.
    """

    gap: timedelta
    events: str
    distinct: tuple[tuple[str, tuple[str, ...]], ...] = ()
    each: str = ""
    first: tuple[str, ...] = ()
    implausible: Implausible | None = None
    lasts: str = ""


@dataclass(frozen=True)
class LogContract:
    """A log: its name (also the DAG's, and the namespace in the lake), its format, its kinds of records, its sessions.

    `user` is the column that names who did it, the same in all kinds that have one. `answers` is the job that
    makes the log's answers, `answer` the table of them that is published last: a run date counts as published when this
    table is. `parameters` are those of the answers, `limits` those of the checks. A run reads `input_path`, below the
    input root, if nobody says another path: without one, a directory of the log's name. `example` is an event as it
    comes, for people whose log has another form.
    """

    name: str
    format: Format
    events: Records
    sessions: Sessions
    answers: str
    answer: str
    others: tuple[Records, ...] = field(default=())
    user: str = "user_id"
    limits: tuple[Limit, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    input_path: str = ""
    example: str = ""

    @property
    def stages(self) -> tuple[str, ...]:
        """Return the stages that write tables, in order: each is a job of `spark_jobs`."""
        return ("data_quality", "session_analysis", self.answers)

    @property
    def checks(self) -> tuple[str, ...]:
        """Return the checks of what the stages wrote, in order."""
        return tuple(f"check_{table}" for table in (self.events.name, "sessions", self.answer))

    @property
    def kinds(self) -> tuple[Records, ...]:
        """Return all kinds of records, the events first."""
        return (self.events, *self.others)

    @property
    def has_sensitive_fields(self) -> bool:
        """Return whether values of some field are kept as a keyed hash only."""
        return any(field.sensitive for records in self.kinds for field in records.fields)

    def owner_of(self, records: Records) -> str:
        """Return the column by which records of one kind belong together: their user, or what they tell of."""
        return records.owner or self.user

    def kind(self, name: str) -> Records:
        """Return the kind of records of this name; raises KeyError that lists those there are."""
        for records in self.kinds:
            if records.name == name:
                return records
        raise KeyError(f"{self.name} has no records {name!r}; it has {', '.join(kind.name for kind in self.kinds)}")
