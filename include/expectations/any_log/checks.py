"""What the checks of every log look at: its events and its sessions. A log's own checks add to these."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from include.deployment.settings import settings
from include.expectations.any_log import suites
from include.expectations.table import Snapshots, Table, counts_table
from spark_jobs.contract import LogContract
from spark_jobs.lake.tries import read
from spark_jobs.shared.documents import read_record_of
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log import read_new_events
from spark_jobs.shared.log_tables import REJECTED_RECORDS, kind_table, sessions_table
from spark_jobs.shared.records import DataQualityRecord


def events(
    spark: SparkSession, lake: Lake, run_date: date, snapshots: Snapshots, minimum_quality_score: str
) -> list[Table]:
    """Return what the job counted, the events that the run has added, and all records of other kinds. Runs Spark."""
    contract, judged = lake.contract, read_record_of(lake, DataQualityRecord, run_date, snapshots)
    table = contract.events.name
    # Those that they were added to were checked when they came.
    added = read_new_events(spark, lake, run_date, snapshots[table])
    counts = {
        **quality_counts(judged),
        "repeated_events": repeated_events(added, contract).count(),
        "events_in_table": rows_in_table(lake, table, snapshots),
        "rejected_in_table": rows_in_table(lake, REJECTED_RECORDS.name, snapshots),
    }
    suite = suites.data_quality(contract, judged, float(minimum_quality_score), settings().of_log(lake.log))
    others = [
        Table(
            read(spark, lake.log, kind_table(contract, records), snapshots[records.name]),
            suites.records(records, run_date, judged.others[records.name].log.events),
        )
        for records in contract.others
    ]
    # The counts first: what comes of a check is told in this order, and cut where there is no room.
    accepted = suites.records(contract.events, run_date, judged.counts.events_accepted)
    return [counts_table(counts, suite), Table(added, accepted), *others]


def sessions(
    spark: SparkSession,
    lake: Lake,
    run_date: date,
    snapshots: Snapshots,
    measured: Mapping[str, Column] | None = None,
) -> list[Table]:
    """Return the sessions, and counts of them. Runs Spark.

    `measured` are aggregates of a log's own, which the same pass over the sessions makes.
    """
    events_of_log = read_record_of(lake, DataQualityRecord, run_date, snapshots).log.events
    table = sessions_table(lake.contract)
    made = read(spark, lake.log, table, snapshots[table.name])
    counts = {**session_counts(made, measured or {}), "repeated_session_ids": repeated_session_ids(made)}
    suite = suites.sessions(lake.contract, table.schema, events_of_log)
    return [Table(made, suite), counts_table(counts, suites.session_shape())]


def quality_counts(judged: DataQualityRecord) -> dict[str, float]:
    """Return what became of the records that a run read."""
    return {
        "quality_score": judged.quality_score,
        "events_accepted": judged.counts.events_accepted,
        "records_accepted": judged.all_counts.events_accepted,
        "records_rejected": judged.all_counts.records_rejected,
    }


def repeated_events(added: DataFrame, contract: LogContract) -> DataFrame:
    """Return the events that are there more than once, all but the first: found bucket by bucket, without a shuffle.

    All but user and time are compared by a hash of 64 bits: a sort moves 24 bytes an event then, and spills nothing.
    """
    user, time, records = contract.user, contract.events.time, contract.events
    others = [name for name in records.same if name not in (user, time)]
    # A hash leaves nulls out: without these, a null and its neighbour would be the neighbour and a null.
    nulls = [F.col(name).isNull() for name in others if name not in records.always_known]
    events = added.select(user, time, F.xxhash64(*others, *nulls).alias("others"))
    by_user = W.partitionBy(user).orderBy(time, "others")
    # Null-safe: a user's first event has no previous one.
    repeats = [F.col(column).eqNullSafe(F.lag(column).over(by_user)) for column in (time, "others")]
    return events.withColumn("repeats", repeats[0] & repeats[1]).where("repeats")


def session_counts(sessions: DataFrame, measured: Mapping[str, Column]) -> dict[str, float]:
    """Return how many sessions end before they start, and what a log's own aggregates measure. Runs Spark."""
    backwards = F.count_if(F.col("ended_at") < F.col("started_at")).alias("sessions_ending_before_start")
    (row,) = sessions.agg(backwards, *(column.alias(name) for name, column in measured.items())).collect()
    return row.asDict()


def repeated_session_ids(sessions: DataFrame) -> int:
    """Return how many sessions have a `session_id` that another one has, too, but for one of each. Runs Spark.

    Names are compared by a hash of 64 bits: two of a million different ones share theirs in one of 30 million logs.
    """
    of_name = sessions.groupBy(F.xxhash64("session_id")).agg((F.count(F.lit(1)) - 1).alias("more"))
    (row,) = of_name.agg(F.coalesce(F.sum("more"), F.lit(0)).alias("repeated")).collect()
    return row.repeated


def rows_in_table(lake: Lake, table: str, snapshots: Snapshots) -> int:
    """Return how many rows a run's snapshot has, as Iceberg counts them; no row is ever deleted by itself."""
    with lake.catalog.open() as catalog:
        found = catalog.load_table((lake.log, table)).snapshot_by_id(snapshots[table])
    return int(found.summary["total-records"] or 0) if found and found.summary else 0
