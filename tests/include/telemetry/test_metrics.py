from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import airflow.settings  # noqa: F401  (it sets up logging, which must not be while a test listens)
import pytest

from include.telemetry.metrics import (
    METRICS,
    Measurement,
    check_measurements,
    report_measurements,
    send,
    stage_measurements,
)
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.shared.documents import replace_file
from spark_jobs.shared.lake import Lake
from tests.logs import RUN_DATE
from tests.published import leave_record
from tests.records import NO_COSTS, counted, told
from tests.reports import leave_report
from tests.statsd import Statsd, statsd, wait_for_count

SPARK = {
    "input_records": 30,
    "input_bytes": 4000,
    "shuffle_bytes_written": 500,
    "shuffle_bytes_read": 501,
    "spilled_memory_bytes": 60,
    "spilled_disk_bytes": 6,
    "peak_execution_memory_bytes": 7000,
    "gc_share": 0.125,
    "tasks": 8,
    "failed_tasks": 1,
}
SPARK_FIGURES = {
    "stage.spark_input_rows": 30,
    "stage.spark_input_bytes": 4000,
    "stage.spark_shuffle_written_bytes": 500,
    "stage.spark_shuffle_read_bytes": 501,
    "stage.spark_spilled_memory_bytes": 60,
    "stage.spark_spilled_disk_bytes": 6,
    "stage.spark_peak_execution_memory_bytes": 7000,
    "stage.spark_gc_ratio": 0.125,
    "stage.spark_tasks": 8,
    "stage.spark_failed_tasks": 1,
}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[dict[str, str]], None]]:
    """Give Airflow's own client of the tasks other settings."""
    from airflow.sdk.observability import stats
    from airflow.sdk.observability.metrics.stats_utils import get_stats_factory

    def configure(settings: dict[str, str]) -> None:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        stats.initialize(factory=get_stats_factory(), export_legacy_names=False)

    yield configure
    monkeypatch.undo()
    configure({})


@pytest.fixture
def server() -> Iterator[Statsd]:
    with statsd() as server:
        yield server


def test_metrics_keep_exact_values_and_tags(client: Callable[[dict[str, str]], None], server: Statsd) -> None:
    client(server.settings)
    send(
        [
            Measurement("stage.duration_seconds", 12.3, {"stage": "ranking"}),
            Measurement("records_read", 19_150_868_123),
        ],
        "listening",
    )
    wait_for_count(server, 2)
    assert server.got == [
        "airflow.pipeline.stage.duration_seconds,log=listening,stage=ranking:12.3|g",
        "airflow.pipeline.records_read,log=listening:19150868123|g",
    ]


def test_nothing_leaves_where_metrics_are_not_switched_on(
    client: Callable[[dict[str, str]], None], server: Statsd
) -> None:
    client(server.settings | {"AIRFLOW__METRICS__STATSD_ON": "False"})
    send([Measurement("records_read", 1)], "listening")
    client(server.settings)
    send([Measurement("records_read", 2)], "listening")
    wait_for_count(server, 1)
    assert server.got == ["airflow.pipeline.records_read,log=listening:2|g"]


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"AIRFLOW__METRICS__STATSD_HOST": "exporter.invalid"}, id="a name nobody has"),
        pytest.param({"AIRFLOW__METRICS__STATSD_PORT": "1"}, id="nobody listens"),
        pytest.param({"AIRFLOW__METRICS__STATSD_PORT": "many"}, id="no port"),
    ],
)
def test_what_cannot_be_sent_stops_nothing(
    client: Callable[[dict[str, str]], None], server: Statsd, settings: dict[str, str]
) -> None:
    client(server.settings | settings)
    send([Measurement("records_read", 1), Measurement("sessions", 2)], "listening")
    assert server.got == []


def test_metrics_without_a_record_log_one_line(lake: Lake, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "include.telemetry.metrics"):
        send(stage_measurements(lake, "data_quality", RUN_DATE), "listening")
    record = f"{lake.root}/listening/runs/run_date={RUN_DATE}/data_quality.json"
    assert caplog.messages == [
        f"Metrics were not sent: MissingRecordError: {record} does not exist; run data_quality for {RUN_DATE}"
    ]


def test_data_quality_sends_score_lines_and_reasons(lake: Lake) -> None:
    rejected = {"duplicate": 1, "field_count": 0}
    leave_record(
        lake, "data_quality", RUN_DATE, {"counts": counted(10, 9, 1), "quality_score": 90.0, "rejected": rejected}
    )
    assert list(stage_measurements(lake, "data_quality", RUN_DATE)) == [
        Measurement("quality_score_percent", 90.0),
        Measurement("records_read", 10),
        Measurement("events_accepted", 9),
        Measurement("records_rejected", 1, {"reason": "duplicate"}),
        Measurement("records_rejected", 0, {"reason": "field_count"}),
    ]


def test_session_analysis_sends_sessions_and_spark_counts(lake: Lake) -> None:
    record = {"sessions": 4, "users": 2, "implausible_sessions": 1}
    leave_record(lake, "session_analysis", RUN_DATE, record)
    replace_file(Path(lake.spark_costs("session_analysis", RUN_DATE)), json.dumps({**NO_COSTS, **SPARK}))
    assert list(stage_measurements(lake, "session_analysis", RUN_DATE)) == [
        *(Measurement(name, value, {"stage": "session_analysis"}) for name, value in SPARK_FIGURES.items()),
        Measurement("sessions", 4),
        Measurement("users", 2),
        Measurement("implausible_sessions", 1),
    ]


def test_check_sends_unmet_expectations_even_zero() -> None:
    validations = [{"suite": "a suite", "expectations": count, "met": 1} for count in (12, 5)]
    said = {"warning": ["one", "another"], "info": ["a flag"], "validations": validations}
    record = told(LISTENING, "check_listens", RUN_DATE, said)
    assert list(check_measurements("check_listens", record)) == [
        Measurement("check.expectations", 17, {"stage": "check_listens"}),
        Measurement("check.unmet_expectations", 0, {"stage": "check_listens", "severity": "critical"}),
        Measurement("check.unmet_expectations", 2, {"stage": "check_listens", "severity": "warning"}),
        Measurement("check.unmet_expectations", 1, {"stage": "check_listens", "severity": "info"}),
    ]


@pytest.mark.parametrize(
    ("verdict", "because", "degraded"),
    [pytest.param("good", [], 0, id="good"), pytest.param("degraded", ["one", "two"], 1, id="degraded")],
)
def test_report_sends_its_time_run_date_and_verdict(
    lake: Lake, verdict: str, because: list[str], degraded: int
) -> None:
    leave_report(lake, RUN_DATE, made_at="2009-05-05T00:10:00Z", verdict=verdict, degraded_because=because)
    assert list(report_measurements(lake, RUN_DATE)) == [
        Measurement("run.last_success_timestamp_seconds", 1_241_482_200.0),
        Measurement("run.run_date_timestamp_seconds", 1_241_395_200.0),
        Measurement("run.degraded", degraded),
        Measurement("run.degradations", len(because)),
    ]


def test_metric_names_suit_prometheus_without_date_tags() -> None:
    tags: dict[str, Any] = {name: tags for name, tags in METRICS.items() if tags}
    assert {tag for found in tags.values() for tag in found} == {"stage", "reason", "severity"}
    assert all(name.replace(".", "_").isidentifier() and name.islower() for name in METRICS)
