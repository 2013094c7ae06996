"""What a contract can say of one field: the type of its values, where it is required, how it is kept.

White space around a value is part of it. A value of nothing but white space is missing.
"""

from __future__ import annotations

from dataclasses import dataclass


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
