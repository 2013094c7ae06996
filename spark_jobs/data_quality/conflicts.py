"""Owners that have one record each: the first counts, whenever it arrives, and the others conflict with it."""

from __future__ import annotations

from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from spark_jobs.data_quality.duplicates import records_in_order
from spark_jobs.data_quality.history import Base
from spark_jobs.data_quality.kinds import Kind
from spark_jobs.lake import tries
from spark_jobs.lake.tries import BUCKET
from spark_jobs.shared.scratch import Keep

_FIRST, _OWNER = "first_known", "known_owner"


def reject_conflicting(each_once: DataFrame, kind: Kind, known: DataFrame | None = None) -> DataFrame:
    """Give every record that another one of its owner comes before the contract's reason `conflicting`.

    Takes the rows of `reject_duplicates`, and needs no shuffle. `known` are records of earlier days, one an owner, and
    few: of those that a new one comes before, `replaced` tells.
    """
    records, is_accepted = kind.records, F.col("reason").isNull()
    before = W.partitionBy(kind.owner, BUCKET).orderBy(*records_in_order(kind)).rowsBetween(W.unboundedPreceding, -1)
    is_later = F.count_if(is_accepted).over(before) > 0
    flagged = each_once.withColumn("is_later", is_later)
    if known is not None:
        first = known.select(F.col(kind.owner).alias(_OWNER), F.struct(*_values(kind)).alias(_FIRST))
        # The key is unique on the right.
        flagged = flagged.join(F.broadcast(first), on=F.col(kind.owner) == F.col(_OWNER), how="left")
        # A struct is compared value by value, nulls first.
        is_behind_known = F.coalesce(F.col(_FIRST) < F.struct(*_values(kind)), F.lit(False))
        flagged = flagged.withColumn("is_later", F.col("is_later") | is_behind_known)
    reason = F.when(is_accepted & F.col("is_later"), records.conflicting).otherwise(F.col("reason"))
    return flagged.select(*(reason.alias(name) if name == "reason" else name for name in each_once.columns))


def known_of_owners(spark: SparkSession, base: Base, kind: Kind, classified: DataFrame, keep: Keep) -> DataFrame:
    """Return the records of a log whose owners have a record among some classified lines, which are read for it."""
    is_accepted = F.col("reason").isNull()
    # Observed, as in `history.events_there`: Spark would write out what a reason is made of, again and again.
    observed = classified.observe(Observation("owners"), F.count_if(is_accepted).alias("records"))
    owners = observed.where(is_accepted).select(kind.owner).distinct()
    before = tries.read(spark, base.lake.log, kind.accepted, base.of(kind))
    return keep(before.join(owners, on=kind.owner, how="left_semi"))


def replaced(spark: SparkSession, base: Base, kind: Kind, known: DataFrame, aside: int, keep: Keep) -> DataFrame:
    """Return the owners of those `known` records that a new one, of the snapshot `aside`, comes before."""
    new = tries.read_added(spark, base.lake.log, kind.accepted, base.of(kind), aside)
    accepted = new.where(F.col(kind.owner).isNotNull()).select(kind.owner)
    return keep(known.select(kind.owner).join(accepted, on=kind.owner, how="left_semi"))


def _values(kind: Kind) -> list[str]:
    return [kind.records.time, *kind.records.order]
