"""What the contract of a log can say of its records: plain data, without pyspark.

A contract is written once, in `spark_jobs/logs/<log>/contract.py`. From it come the schemas (Spark's and JSON's), the
reasons and warnings with a sentence for each, the structural expectations of the checks, and the docs' tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

# --- Types of values. White space around a value is part of it; one of nothing but white space is missing.


@dataclass(frozen=True)
class Text:
    """A text of at most `longest` code points that the whole `pattern` matches (Java's and Python's common syntax)."""

    longest: int | None = None
    pattern: str | None = None

    @property
    def words(self) -> str:
        """Say what a value of this type is."""
        return f"a text of at most {self.longest:,} characters" if self.longest else "a text"


@dataclass(frozen=True)
class Url:
    """A text of at most `longest` code points; it is kept without its query and its fragment."""

    longest: int

    @property
    def words(self) -> str:
        """Say what a value of this type is."""
        return f"a text of at most {self.longest:,} characters"


@dataclass(frozen=True)
class Choice:
    """One of these texts; values are ordered as they are listed."""

    values: tuple[str, ...]

    @property
    def words(self) -> str:
        """Say what a value of this type is."""
        return f"one of {', '.join(self.values)}"


@dataclass(frozen=True)
class Uuid:
    """36 characters as RFC 9562 writes them; kept in lower case, or as it came (`as_it_came`)."""

    as_it_came: bool = False

    @property
    def words(self) -> str:
        """Say what a value of this type is."""
        return "a UUID"


@dataclass(frozen=True)
class IpAddress:
    """An IPv4 or IPv6 address."""

    @property
    def words(self) -> str:
        """Say what a value of this type is."""
        return "an IPv4 or IPv6 address"


@dataclass(frozen=True)
class Time:
    """An instant with its zone, `Z` or an offset of at most 18 hours, and a fraction of one of these lengths.

    `leap_seconds`: a second 60 that there was is the second after it; any other is no time.
    """

    fraction_digits: tuple[int, ...] = (0,)
    leap_seconds: bool = False

    @property
    def words(self) -> str:
        """Say what a value of this type is.

        >>> Time(fraction_digits=(0, 3)).words
        'a date, a time and a zone, with 0 or 3 decimals'
        """
        digits = [str(length) for length in self.fraction_digits]
        decimals = f", with {', '.join(digits[:-1])} or {digits[-1]} decimals" if digits[1:] else ""
        return f"a date, a time and a zone{decimals}"


@dataclass(frozen=True)
class Day:
    """A date, `2009-05-04`."""

    @property
    def words(self) -> str:
        """Say what a value of this type is."""
        return "a date"


@dataclass(frozen=True)
class Integer:
    """A whole number, both limits allowed. In a text format: digits alone.

    >>> Integer(1, 1000).words
    'a whole number from 1 to 1,000'
    """

    lowest: int
    highest: int

    @property
    def words(self) -> str:
        """Say what a value of this type is."""
        return f"a whole number from {self.lowest:,} to {self.highest:,}"


@dataclass(frozen=True)
class Money:
    """An amount that is not negative, with at most so many digits before and after its point; a number or a text."""

    digits: int = 10
    decimals: int = 2

    @property
    def words(self) -> str:
        """Say what a value of this type is."""
        return f"an amount of at most {self.digits} digits before the point and {self.decimals} after"


@dataclass(frozen=True)
class Items:
    """A list of records of these fields, `fewest` to `most` of them."""

    fields: tuple[Field, ...]
    fewest: int
    most: int

    @property
    def words(self) -> str:
        """Say what a value of this type is."""
        return f"a list of {self.fewest:,} to {self.most:,} items"


Type = Text | Url | Choice | Uuid | IpAddress | Time | Day | Integer | Money | Items


@dataclass(frozen=True)
class Field:
    """One field of a record.

    `required`: always, never, or on the records of these types (`Records.type_field`); on others it is optional.
    `stored_as`: its column's name, if that is another one. `sensitive`: kept as a keyed hash, never as it came.
    """

    name: str
    type: Type
    required: bool | tuple[str, ...] = True
    stored_as: str = ""
    sensitive: bool = False

    @property
    def column(self) -> str:
        """Return the name of its column.

        >>> Field("timestamp", Time(), stored_as="listened_at").column
        'listened_at'
        """
        return self.stored_as or self.name


# --- Formats of files.


@dataclass(frozen=True)
class TabSeparated:
    """Fields in their order between tabs, one record a line, no header, no quotes.

    `endings`, of every format: how the names of its files end.
    """

    endings: tuple[str, ...] = (".tsv", ".tsv.gz")


@dataclass(frozen=True)
class Csv:
    """RFC 4180 with a header: fields by name, in any order; a quote is doubled, a backslash is a character."""

    endings: tuple[str, ...] = (".csv", ".csv.gz")


@dataclass(frozen=True)
class JsonLines:
    """One JSON object a line; names that the contract lacks are counted and left out."""

    endings: tuple[str, ...] = (".jsonl", ".jsonl.gz")


Format = TabSeparated | Csv | JsonLines

# --- Rules.

# The reason that no record shows by itself: another one says the same.
DUPLICATE = "duplicate"


@dataclass(frozen=True)
class Reason:
    """Why a record is rejected: its name in tables, and a sentence for people."""

    name: str
    sentence: str


@dataclass(frozen=True)
class Warning:
    """What a record that is kept is counted for, and a sentence for people."""

    name: str
    sentence: str


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
    `order`: the columns that order records of equal times, so that every run orders them alike.
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
    def warning_names(self) -> tuple[str, ...]:
        """Return the names of the warnings, in order."""
        return tuple(warning.name for warning in self.warnings)

    @property
    def always_known(self) -> tuple[str, ...]:
        """Return the columns that are null in no accepted record."""
        return tuple(one.column for one in self.fields if one.required is True)


@dataclass(frozen=True)
class Sessions:
    """How events become sessions: a longer pause than `gap` opens one; what is counted in each.

    `events`: the column with the number of its events. `distinct`: a column, and the columns of an event whose
    different values it counts. `each`: the field for each of whose values there is a count.
    """

    gap: timedelta
    events: str
    distinct: tuple[tuple[str, tuple[str, ...]], ...] = ()
    each: str = ""


@dataclass(frozen=True)
class LogContract:
    """A log: its name (also the DAG's, and the namespace in the lake), its format, its kinds of records, its sessions.

    `user` is the column that names who did it, the same in all kinds that have one.
    """

    name: str
    format: Format
    events: Records
    sessions: Sessions
    others: tuple[Records, ...] = field(default=())
    user: str = "user_id"

    @property
    def kinds(self) -> tuple[Records, ...]:
        """Return all kinds of records, the events first."""
        return (self.events, *self.others)
