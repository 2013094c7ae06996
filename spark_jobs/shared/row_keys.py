"""Which records of one kind, user and time are one: those whose keys are the same."""

from __future__ import annotations

from decimal import Decimal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.fields import Field, Money
from spark_jobs.shared.masking import has_key, hmac_of, mask, normal

ROW_KEY = "row_key"
SENSITIVE_KEY = "sensitive_key"


def with_keys(valued: DataFrame, fields: tuple[Field, ...]) -> DataFrame:
    """Add `row_key` (long), a hash of all the fields' values, and mask the sensitive ones.

    Sensitive values go into it as they came, hashed with the masking key, so that nobody can try values out against it.
    Without that key they take no part, and `sensitive_key` (long, else null) tells records of one load apart. An
    optional amount that is absent is 0.
    """
    sensitive = [field for field in fields if field.sensitive]
    unkeyed = F.when(~has_key(), _hash({field.column: F.col(field.column) for field in sensitive}))
    keys = {
        ROW_KEY: _hash({field.column: _content(field) for field in fields}),
        SENSITIVE_KEY: unkeyed if sensitive else F.lit(None).cast("long"),
    }
    # Spark Connect takes no empty list of columns.
    return _masked(_hashed(valued, sensitive).withColumns(keys), sensitive) if sensitive else valued.withColumns(keys)


def _hashed(valued: DataFrame, sensitive: list[Field]) -> DataFrame:
    normalised = valued.withColumns({f"normal_{field.column}": normal(F.col(field.column)) for field in sensitive})
    masks = {f"masked_{field.column}": mask(F.col(f"normal_{field.column}")) for field in sensitive}
    return normalised.withColumns(masks).withColumns({f"keyed_{field.column}": _keyed(field) for field in sensitive})


def _masked(hashed: DataFrame, sensitive: list[Field]) -> DataFrame:
    hidden = [f"{what}_{field.column}" for field in sensitive for what in ("normal", "masked", "keyed")]
    return hashed.withColumns({field.column: F.col(f"masked_{field.column}") for field in sensitive}).drop(*hidden)


def _keyed(field: Field) -> Column:
    value, its_normal = F.col(field.column), F.col(f"normal_{field.column}")
    # Most values are in their normal form, whose hash is there.
    return F.when(value == its_normal, F.col(f"masked_{field.column}")).otherwise(hmac_of(value.cast("binary")))


def _content(field: Field) -> Column:
    if field.sensitive:
        return F.col(f"keyed_{field.column}")
    if isinstance(field.type, Money) and field.required is not True:
        return F.coalesce(F.col(field.column), F.lit(Decimal(0)))
    return F.col(field.column)


def _hash(values: dict[str, Column]) -> Column:
    # Spark's hash passes over nulls: of two ids, the first without a second would be the second without a first.
    are_there = [value.isNotNull().cast("int") * 2**place for place, value in enumerate(values.values())]
    return F.xxhash64(sum(are_there, F.lit(0)), *values.values())
