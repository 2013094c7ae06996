"""The metrics of a run: their names, where they come from, and their way out through Airflow's own client.

Airflow's `[metrics]` settings decide whether they go out, and where to; without them, nowhere. All are gauges of the
last run. A run date is a value and never a tag: each day would be new time series. docs/monitoring.md lists them.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

from include.runs.records import read_report
from include.telemetry.event_logs import read_costs
from spark_jobs.shared.documents import DATA_QUALITY, SESSION_ANALYSIS, read_record
from spark_jobs.shared.errors import MissingRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import CheckRecord, DataQualityRecord, SessionAnalysisRecord

log = logging.getLogger(__name__)

# Airflow puts its own before it: airflow.pipeline.
PREFIX = "pipeline"
SEVERITIES = ("critical", "warning", "info")

STARTED = "run.last_start_timestamp_seconds"
ENDED = "run.last_end_timestamp_seconds"
FAILED = "run.last_failure_timestamp_seconds"
SUCCEEDED = "run.last_success_timestamp_seconds"
DEADLINE = "run.deadline_seconds"
RUN_DATE = "run.run_date_timestamp_seconds"
DEGRADED = "run.degraded"
DEGRADATIONS = "run.degradations"
SCORE = "quality_score_percent"
REJECTED = "records_rejected"
DURATION = "stage.duration_seconds"
EXPECTATIONS = "check.expectations"
UNMET = "check.unmet_expectations"
# By their names in the stages' records (include/runs/records.py) and in what Spark measured (spark_costs.py).
LINES, LISTENS, SESSIONS, USERS = "records_read", "events_accepted", "sessions", "users"
IMPLAUSIBLE = "implausible_sessions"
SPARK = {
    "input_records": "stage.spark_input_rows",
    "input_bytes": "stage.spark_input_bytes",
    "shuffle_bytes_written": "stage.spark_shuffle_written_bytes",
    "shuffle_bytes_read": "stage.spark_shuffle_read_bytes",
    "spilled_memory_bytes": "stage.spark_spilled_memory_bytes",
    "spilled_disk_bytes": "stage.spark_spilled_disk_bytes",
    "peak_execution_memory_bytes": "stage.spark_peak_execution_memory_bytes",
    "gc_share": "stage.spark_gc_ratio",
    "tasks": "stage.spark_tasks",
    "failed_tasks": "stage.spark_failed_tasks",
}
# With the tags that each has.
METRICS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((STARTED, ENDED, FAILED, SUCCEEDED, DEADLINE, RUN_DATE, DEGRADED, DEGRADATIONS, SCORE), ()),
    **dict.fromkeys((LINES, LISTENS, SESSIONS, USERS, IMPLAUSIBLE), ()),
    REJECTED: ("reason",),
    DURATION: ("stage",),
    **dict.fromkeys(SPARK.values(), ("stage",)),
    EXPECTATIONS: ("stage",),
    UNMET: ("stage", "severity"),
}


class Measurement(NamedTuple):
    """One value of a metric."""

    name: str
    value: float
    tags: dict[str, str] = {}  # noqa: RUF012  (never changed)


def send(measurements: Iterable[Measurement], of_log: str, client: Any = None) -> None:
    """Hand measurements of a log to Airflow's client of the task process, or to another one of Airflow's.

    A measurement that fails costs a line in the task log, and the run goes on. Reading may fail, so give a generator.
    """
    try:
        if client is None:
            from airflow.sdk.observability import stats as client
        for measurement in measurements:
            client.gauge(f"{PREFIX}.{measurement.name}", measurement.value, tags={"log": of_log, **measurement.tags})
    except Exception as error:
        log.warning("Metrics were not sent: %s: %s", type(error).__name__, error)


def stage_measurements(lake: Lake, stage: str, run_date: date) -> Iterator[Measurement]:
    """What a stage that has ended well counted, and what Spark counted of it."""
    costs = read_costs(lake, stage, run_date)
    for key, name in SPARK.items() if costs else ():
        yield Measurement(name, getattr(costs, key), {"stage": stage})
    if stage == DATA_QUALITY:
        yield from _quality(read_record(lake, DataQualityRecord, run_date))
    if stage == SESSION_ANALYSIS:
        found = read_record(lake, SessionAnalysisRecord, run_date)
        yield Measurement(SESSIONS, found.sessions)
        yield Measurement(USERS, found.users)
        yield Measurement(IMPLAUSIBLE, found.implausible_sessions)


def _quality(record: DataQualityRecord) -> Iterator[Measurement]:
    yield Measurement(SCORE, record.quality_score)
    yield Measurement(LINES, record.all_counts.records_read)
    yield Measurement(LISTENS, record.counts.events_accepted)
    rejected = Counter(record.rejected)
    for kind in record.others.values():
        rejected.update(kind.rejected)
    for reason, records in rejected.items():
        yield Measurement(REJECTED, records, {"reason": reason})


def check_measurements(check: str, record: CheckRecord) -> Iterator[Measurement]:
    """How many expectations a check looked at, and how many were not met; zeros too, to end what stood there before."""
    yield Measurement(EXPECTATIONS, sum(part.expectations for part in record.validations), {"stage": check})
    for severity in SEVERITIES:
        yield Measurement(UNMET, len(getattr(record, severity)), {"stage": check, "severity": severity})


def report_measurements(lake: Lake, run_date: date) -> Iterator[Measurement]:
    """When the report was made, for which day, and its verdict."""
    report = read_report(lake, run_date)
    if report is None:
        raise MissingRecordError(f"{lake.report(run_date)} has no report that can be read; clear report")
    yield Measurement(SUCCEEDED, report.made_at.timestamp())
    yield Measurement(RUN_DATE, datetime.combine(run_date, time(), UTC).timestamp())
    yield Measurement(DEGRADED, int(report.verdict == "degraded"))
    yield Measurement(DEGRADATIONS, len(report.degraded_because))


def prometheus_name(name: str) -> str:
    """What a metric of ours is called where the statsd exporter has passed it on.

    >>> prometheus_name("stage.duration_seconds")
    'airflow_pipeline_stage_duration_seconds'
    """
    return f"airflow_{PREFIX}_{name}".replace(".", "_")
