"""Which records say what another one has said already: of those that agree in a contract's `same`, one stays."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W
from pyspark.sql.window import WindowSpec

from spark_jobs.contract import DUPLICATE, Records
from spark_jobs.data_quality.kinds import Kind
from spark_jobs.lake.tries import BUCKET, in_buckets

# Whether another record of the load has the same row key, and says something else in what that key leaves out.
SHARES_KEY = "shares_key"


def sort_into_buckets(numbered: DataFrame, kind: Kind, buckets: int) -> DataFrame:
    """Bring each owner's records together, in time order: the pipeline's one shuffle over all of them.

    The records have the number of their bucket.
    """
    return in_buckets(numbered, kind.accepted, buckets, *records_in_order(kind))


def reject_duplicates(in_order: DataFrame, kind: Kind) -> DataFrame:
    """Give every further record of one that is kept already the reason `duplicate`.

    Takes the rows of `sort_into_buckets`. That needs no shuffle and no sort: the first of equal records is the row
    before. Where `Rules.within_load` tells records apart, SHARES_KEY (boolean) says which has the row key of another.
    """
    by_owner = W.partitionBy(kind.owner, BUCKET).orderBy(*records_in_order(kind))
    compared = [column for column in kind.records.same if column != kind.owner]
    repeats = F.col("reason").isNull() & _repeats_previous(compared, by_owner)
    if not kind.rules.within_load:
        return _rejected(in_order, repeats)
    is_same = _repeats_previous(_within_load(kind), by_owner)
    flagged = in_order.withColumns({SHARES_KEY: repeats & ~is_same, "is_duplicate": repeats & is_same})
    return _rejected(flagged, F.col("is_duplicate")).drop("is_duplicate")


def _rejected(rows: DataFrame, is_duplicate: Column) -> DataFrame:
    return rows.withColumn("reason", F.when(is_duplicate, DUPLICATE).otherwise(F.col("reason")))


def reject_known(judged: DataFrame, known: DataFrame, records: Records) -> DataFrame:
    """Give every record that is `known` already, from earlier days, the reason `duplicate`.

    `known` has one row of the columns `same` for each, and is small; the order of the rows stays.
    """
    flagged = known.withColumn("is_known", F.lit(True))
    with_flag = judged.join(F.broadcast(flagged), on=are_same(judged, flagged, records), how="left")
    is_duplicate = F.col("reason").isNull() & F.col("is_known").isNotNull()
    reason = F.when(is_duplicate, DUPLICATE).otherwise(F.col("reason"))
    return with_flag.select(*(reason.alias(name) if name == "reason" else judged[name] for name in judged.columns))


def are_same(left: DataFrame, right: DataFrame, records: Records) -> list[Column]:
    """Return the conditions for two records to be one: two nulls of an optional column are the same."""
    return [
        left[name] == right[name] if name in records.always_known else left[name].eqNullSafe(right[name])
        for name in records.same
    ]


def _repeats_previous(compared: list[str], by_owner: WindowSpec) -> Column:
    """Is it the record of the row before it? `by_owner` is a window over an owner's records, equal ones together."""
    repeats = F.lit(True)
    for column in compared:
        # Null-safe: an owner's first row has no previous one, and null would be neither yes nor no.
        repeats &= F.col(column).eqNullSafe(F.lag(column).over(by_owner))
    return repeats


def _within_load(kind: Kind) -> list[str]:
    return [kind.rules.within_load] if kind.rules.within_load else []


def records_in_order(kind: Kind) -> list[Column]:
    """Return the order of an owner's records: equal ones side by side, and those with more values first."""
    records = kind.records
    ties = [
        F.col(column).asc() if column in records.always_known else F.col(column).asc_nulls_last()
        for column in (*records.order, *_within_load(kind))
    ]
    # Past the record itself only to make the order total.
    place = [F.col("line").asc_nulls_first(), F.col("file_id"), F.col("part_start")]
    return [F.col(records.time).asc(), *ties, *place]
