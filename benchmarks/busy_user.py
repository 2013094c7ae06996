"""Sessions of interactions of which one user has a tenth: what the slowest task costs beside the median one.

    python -m benchmarks.busy_user 20000000 whole scratch     # each bucket a task, as it lies
    python -m benchmarks.busy_user 20000000 pieces scratch    # the user's time in pieces

The first command makes the interactions, in 64 buckets below the directory, and both keep them. Prints a line for each
stage of Spark, by its own event log. CPU time is the measure: on a machine that is busy, tasks wait.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from cli.java import java_home
from include.deployment.jars import LAKE, local_jars
from include.deployment.local_spark import PROJECT, SETTINGS
from spark_jobs.lake.stamps import Stamp
from spark_jobs.lake.tables import bucket_records, prepare
from spark_jobs.lake.tries import BUCKET, in_buckets, new_try, number_buckets, read
from spark_jobs.logs.notes.contract import ACTIONS, NOTES
from spark_jobs.session_analysis.busy_users import events_of_a_task, find_pieces, sessions_in_pieces
from spark_jobs.session_analysis.sessions import sessionize, summarize_sessions
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log_tables import events_table
from spark_jobs.shared.session import spark_session

DAY, DAYS = 86_400, 180
BEGIN = 1_767_225_600
BUCKETS, USERS = 64, 20_000
# Of the busy user's sessions: so long that pauses of more than half an hour are left between 4,000 of them.
EVENTS_A_SESSION, SECONDS_BETWEEN = 500, 2
TABLE, GAP = events_table(NOTES), NOTES.sessions.gap


def interactions(spark: SparkSession, rows: int) -> DataFrame:
    """Return so many rows, of which every tenth is of one user; the others have sessions of about six."""
    number = F.col("id")
    of_busy, hashed = number % 10 == 0, F.abs(F.xxhash64("id"))
    place = F.floor(number / 10)
    apart = DAYS * DAY * 10 * EVENTS_A_SESSION // rows
    at_busy = F.floor(place / EVENTS_A_SESSION) * apart + place % EVENTS_A_SESSION * SECONDS_BETWEEN
    visit = F.abs(F.xxhash64(hashed % USERS, F.floor(number / (6 * USERS))))
    at_other = visit % DAYS * DAY + F.floor(visit / 1000) % 24 * 3600 + F.floor(hashed / 100_000) % 1700
    seconds = F.when(of_busy, at_busy).otherwise(at_other) + BEGIN
    columns: dict[str, Column] = {
        "user_id": F.when(of_busy, "busy").otherwise(F.concat(F.lit("user-"), hashed % USERS)),
        "occurred_at": F.timestamp_micros((seconds * 1_000_000 + hashed % 1000 * 1000).cast("long")),
        "action_type": F.element_at(F.lit(list(ACTIONS)), (hashed % len(ACTIONS) + 1).cast("int")),
        "page_id": F.concat(F.lit("page-"), hashed % 5000),
        "duration_ms": (hashed % 120_000).cast("int"),
        "load_ms": F.when(hashed % 5 == 0, hashed % 3000).cast("int"),
        "app_version": F.lit("1.10.2"),
    }
    return spark.range(0, rows, 1, 16).select(*(column.alias(name) for name, column in columns.items()))


def make(spark: SparkSession, lake: Lake, rows: int) -> None:
    """Write the interactions as data_quality does: sorted in their buckets."""
    with lake.catalog.open() as catalog:
        prepare(catalog, lake.log, [TABLE], BUCKETS)
    numbered = number_buckets(interactions(spark, rows), TABLE, BUCKETS)
    written = in_buckets(numbered, TABLE, BUCKETS, NOTES.events.time).drop(BUCKET)
    new_try(lake.catalog, lake.log, Stamp(date(2026, 6, 30), "benchmark", "data_quality", {})).replace(written, TABLE)


def cut(spark: SparkSession, lake: Lake, way: str) -> None:
    """Cut all interactions into sessions, and keep none."""
    with lake.catalog.open() as catalog:
        snapshot = catalog.load_table((lake.log, TABLE.name)).snapshots()[-1].snapshot_id
        buckets = bucket_records(catalog, lake.log, TABLE, snapshot)
    events, of_a_task = read(spark, lake.log, TABLE, snapshot), events_of_a_task(buckets)
    if way == "pieces" and of_a_task:
        sessions = sessions_in_pieces(events, find_pieces(events, NOTES, GAP, of_a_task), NOTES, GAP)
    else:
        sessions = summarize_sessions(sessionize(events, NOTES, GAP), NOTES)
    sessions.write.format("noop").mode("overwrite").save()


def tell(event_log: Path) -> None:
    """Print for each stage of Spark what its tasks took."""
    tasks: dict[int, list[dict[str, Any]]] = defaultdict(list)
    with event_log.open(encoding="utf-8") as lines:
        for event in map(json.loads, lines):
            if event["Event"] == "SparkListenerTaskEnd":
                tasks[event["Stage ID"]].append(event["Task Metrics"])
    for stage, ended in sorted(tasks.items()):
        spent = [task["Executor CPU Time"] / 1e6 for task in ended]
        spilled = sum(task["Disk Bytes Spilled"] for task in ended) / 1e6
        # The first tasks of a stage wait for Java to compile it.
        print(
            f"stage {stage}: {len(ended)} tasks, CPU ms: median {median(spent):.0f}, slowest "
            f"{[round(one) for one in sorted(spent, reverse=True)[:6]]}, all {sum(spent):.0f}; spilled {spilled:.0f} MB"
        )


def main(rows: int, way: str, scratch: Path) -> None:
    """Measure one way in a Spark of its own."""
    events = scratch / f"events-{way}"
    events.mkdir(parents=True)
    settings = {**SETTINGS, "spark.eventLog.enabled": "true", "spark.eventLog.dir": events.as_uri()}
    settings |= {"spark.eventLog.rolling.enabled": "false", "spark.eventLog.compress": "false"}
    options = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    jars = os.pathsep.join(map(str, local_jars(LAKE)))
    arguments = ["--master", "local[2]", "--driver-class-path", jars, *options, "pyspark-shell"]
    os.environ |= {"JAVA_HOME": str(java_home(PROJECT / ".java")), "PYSPARK_SUBMIT_ARGS": shlex.join(arguments)}
    lake = Lake(str(scratch / "lake"), NOTES.name)
    is_made = Path(lake.root).exists()
    with spark_session("busy user", lake) as spark:
        if not is_made:
            make(spark, lake, rows)
        cut(spark, lake, way)
    tell(next(events.iterdir()))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]).resolve())
