"""Who listened in the top sessions, as far as a file of profiles tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.parse import unquote

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.shared.failures import is_failed_read, root_of
from spark_jobs.shared.input_files import list_files
from spark_jobs.shared.linked_files import link, mount_of

HEADER = "#id\tgender\tage\tcountry\tregistered"
# People state these themselves: a value outside these bounds is nonsense, and counts as unknown.
AGES = (1, 120)
FIRST_REGISTRATION = date(2002, 1, 1)


class ProfilesError(ValueError):
    """The file does not hold profiles."""


@contextmanager
def naming_damage(links: Path) -> Iterator[None]:
    """Raise ProfilesError where Spark fails to read what a link below this directory leads to."""
    try:
        yield
    except Exception as error:
        said = unquote(str(error))
        if not is_failed_read(error) or not any(f"{place}/" in said for place in (links, mount_of(links))):
            raise
        raise ProfilesError(root_of(error)) from error


def read_lines(spark: SparkSession, path: str, directory: Path, input_root: str = "") -> DataFrame:
    """Read a file of profiles as lines (`value`), by a link in a new `directory`. Runs Spark.

    Raises ProfilesError if its first line differs from HEADER, InputError if it cannot be read or lies outside
    `input_root`.
    """
    files = list_files(path, input_root).files
    lines = link(files, directory).read_lines(spark, line_end=None).select("value")
    first = lines.first()
    found = first.value.removeprefix("\ufeff") if first else ""
    if found != HEADER:
        raise ProfilesError(f"found {found[:80]!r} as its first line, allowed is {HEADER!r}")
    return lines


def profiles_of(lines: DataFrame, run_date: date) -> DataFrame:
    """One profile a user: `user_id`, `country` (string), `age` (int), `registered_on` (date), null where unknown.

    `lines` have a `value`: the five fields of HEADER with tabs between them. A line of another form, or of invalid
    UTF-8, is ignored. An age outside AGES counts as unknown. So does a day outside FIRST_REGISTRATION to the run date,
    and a value on which two lines of a user differ.
    """
    fields = F.split("value", "\t")
    user_id, _, age, country, registered = (F.get(fields, F.lit(place)) for place in range(5))
    has_form = F.is_valid_utf8("value") & (F.size(fields) == len(HEADER.split("\t")))
    told = lines.where(has_form).select(
        user_id.alias("user_id"),
        F.nullif(F.trim(country), F.lit("")).alias("country"),
        _if_between(age.try_cast("int"), *AGES).alias("age"),
        _if_between(_day(registered), FIRST_REGISTRATION, run_date).alias("registered_on"),
    )
    return told.groupBy("user_id").agg(*(_agreed(name) for name in ("country", "age", "registered_on")))


def listeners(top_sessions: DataFrame, profiles: DataFrame) -> DataFrame:
    """One row a user of the top sessions: `session_count` and `track_count` (long) in these, and the profile.

    A user without a profile has nulls.
    """
    users = top_sessions.groupBy("user_id").agg(
        F.count(F.lit(1)).alias("session_count"), F.sum("track_count").alias("track_count")
    )
    # Few users, many profiles; a user has one of these at most.
    return profiles.join(F.broadcast(users), on="user_id", how="right")


def _day(text: Column) -> Column:
    """The date that `Aug 13, 2006` names."""
    return F.try_to_timestamp(text, F.lit("MMM d, yyyy")).cast("date")


def _if_between(value: Column, lowest: int | date, highest: int | date) -> Column:
    return F.when(value.between(lowest, highest), value)


def _agreed(name: str) -> Column:
    return F.when(F.min(name) == F.max(name), F.min(name)).alias(name)
