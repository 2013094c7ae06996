"""The queries use existing metrics: ours, those of the installed Airflow, and those of a running Spark."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.telemetry.metrics import METRICS, prometheus_name
from tests.conftest import PROJECT
from tests.monitoring.queries import MONITORING, metrics_asked, metrics_of, panels
from tests.stack.spark_cluster import Cluster, free_port, running
from tests.stack.tools import promtool

OURS = {prometheus_name(name): tags for name, tags in METRICS.items()}


def scrape_configs() -> dict[str, dict[str, Any]]:
    found = yaml.safe_load((MONITORING / "prometheus.yml").read_text())["scrape_configs"]
    return {config["job_name"]: config for config in found}


@pytest.fixture(scope="module")
def spark_metrics(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The names that a Spark master and a worker give, started as in docker-compose.yaml, where Prometheus asks."""
    scratch, cluster, worker_page = tmp_path_factory.mktemp("spark"), Cluster(free_port(), free_port()), free_port()
    services = yaml.safe_load((PROJECT / "docker-compose.yaml").read_text())["services"]
    options = {
        name: services[name]["environment"]["SPARK_DAEMON_JAVA_OPTS"] for name in ("spark-master", "spark-worker")
    }
    with ExitStack() as processes:
        ports = ("--port", str(cluster.port), "--webui-port", str(cluster.web_port))
        processes.enter_context(
            running(scratch / "master", "master.Master", *ports, daemon_options=options["spark-master"])
        )
        size = ("--cores", "1", "--memory", "512m", "--webui-port", str(worker_page))
        worker = running(
            scratch / "worker", "worker.Worker", *size, cluster.url, daemon_options=options["spark-worker"]
        )
        processes.enter_context(worker)
        end = time.monotonic() + 120
        pages = {
            job: (port, scrape_configs()[job]["metrics_path"])
            for job, port in {"spark-master": cluster.web_port, "spark-worker": worker_page}.items()
        }
        # A worker is alive a moment before it has its page of metrics.
        while cluster.state().get("aliveworkers") != 1 or not all(text_at(*page) for page in pages.values()):
            assert time.monotonic() < end, (scratch / "worker" / "log").read_text()
            time.sleep(0.3)
        return {job: set(names_in(text_at(*page))) for job, page in pages.items()}


def text_at(port: int, path: str) -> str:
    """The page if it is there as plain text, else nothing."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection, suppress(OSError, HTTPException):
        connection.request("GET", path)
        answer = connection.getresponse()
        # A page of Spark's own would have the status 200 too; and Prometheus 3 refuses what is no plain text.
        if answer.headers.get_content_type() == "text/plain":
            return answer.read().decode()
    return ""


def names_in(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not line.startswith("#"):
            yield re.split(r"[{ ]", line)[0]


def airflow_metrics() -> set[str]:
    """The names that the installed Airflow registers, as the exporter passes them on."""
    from airflow.sdk._shared.observability.metrics.metrics_registry import YAML_REGISTRY_PATH, read_metrics_yaml

    names = (metric["name"] for metric in read_metrics_yaml(str(YAML_REGISTRY_PATH)))
    return {f"airflow_{name.replace('.', '_')}" for name in names}


@pytest.mark.parametrize(
    ("query", "metrics"),
    [
        pytest.param("sum by (a) (rate(b_total{c='d'}[5m])) > 2 ^ 30", {"b_total"}, id="an aggregation"),
        pytest.param('time() - max(last_over_time(a[14d])) > 26 * 3600 or absent(b{x="y"})', {"a", "b"}, id="two"),
        pytest.param("a and on (b) c unless d", {"a", "c", "d"}, id="sets"),
    ],
)
def test_a_querys_metrics_are_found(query: str, metrics: set[str]) -> None:
    assert metrics_of(query) == metrics


def test_dashboard_and_alerts_use_only_existing_metrics(
    spark_metrics: dict[str, set[str]],
) -> None:
    known = OURS.keys() | airflow_metrics() | set().union(*spark_metrics.values()) | {"up"}
    assert metrics_asked() - known == set()


def test_everything_a_run_tells_is_shown_or_watched() -> None:
    unseen = {
        # Beside what is shown they would say little; they are there to be asked for.
        "airflow_pipeline_check_expectations",
        "airflow_pipeline_run_degradations",
        "airflow_pipeline_stage_spark_input_bytes",
        "airflow_pipeline_stage_spark_peak_execution_memory_bytes",
        "airflow_pipeline_stage_spark_shuffle_read_bytes",
        "airflow_pipeline_stage_spark_spilled_memory_bytes",
        "airflow_pipeline_stage_spark_tasks",
    }
    assert OURS.keys() - metrics_asked() == unseen


def test_legends_name_tags_that_the_metric_has() -> None:
    for panel in panels():
        for target in panel.get("targets", ()):
            tags = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            ours = [OURS[name] for name in metrics_of(target["expr"]) if name in OURS]
            assert all(tags == set(found) for found in ours), panel["title"]


def test_every_panel_has_title_and_own_place() -> None:
    places = [panel["gridPos"] for panel in panels()]
    cells = [
        (x, y) for at in places for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23
    assert all(panel["title"] for panel in panels())
    assert len({panel["id"] for panel in panels()}) == len(places)


def test_docs_list_every_metric_with_its_tags() -> None:
    text = (PROJECT / "docs" / "monitoring.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(airflow_pipeline_\w+)(?:\{([\w, ]+)\})?` \|", text, re.MULTILINE)
    assert {name: tuple(tags.split(", ")) if tags else () for name, tags in rows} == OURS


def test_grafana_finds_its_data_source_and_its_dashboard() -> None:
    services = yaml.safe_load((PROJECT / "docker-compose.yaml").read_text())["services"]
    provisioning = MONITORING / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())["datasources"]
    asked = {panel["datasource"]["uid"] for panel in panels() if panel["type"] != "row"}
    assert asked == {source["uid"]}
    assert source["url"] == "http://prometheus:9090"
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "pipeline.yml").read_text())["providers"]
    mounted = dict(volume.split(":")[:2] for volume in services["grafana"]["volumes"])
    assert {path: (PROJECT / path).is_dir() for path in mounted} == dict.fromkeys(mounted, True)
    assert provider["options"]["path"] == mounted["./monitoring/grafana/dashboards"]


def test_prometheus_asks_services_that_the_stack_has() -> None:
    services = yaml.safe_load((PROJECT / "docker-compose.yaml").read_text())["services"]
    jobs = scrape_configs()
    static = [target for job in jobs.values() for one in job.get("static_configs", ()) for target in one["targets"]]
    found = [name for job in jobs.values() for one in job.get("dns_sd_configs", ()) for name in one["names"]]
    assert sorted([*(target.partition(":")[0] for target in static), *found]) == [
        "spark-master",
        "spark-worker",
        "statsd-exporter",
    ]
    assert {"spark-master", "spark-worker", "statsd-exporter", "prometheus", "grafana"} <= services.keys()
    assert {name for name, service in services.items() if "watch" in service.get("profiles", ())} == {
        "statsd-exporter",
        "prometheus",
        "grafana",
    }


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["check", "config", "monitoring/prometheus.yml"], id="the configuration"),
        pytest.param(["test", "rules", "tests/monitoring/alerts_test.yml"], id="when each alert fires, and when not"),
    ],
)
def test_promtool_agrees(arguments: list[str]) -> None:
    said = subprocess.run([promtool(), *arguments], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr


def test_each_alert_is_tried() -> None:
    tried = yaml.safe_load((Path(__file__).parent / "alerts_test.yml").read_text())["tests"]
    fired = {one["alertname"] for test in tried for one in test["alert_rule_test"] if one["exp_alerts"]}
    silent = {one["alertname"] for test in tried for one in test["alert_rule_test"] if not one["exp_alerts"]}
    (group,) = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
    alerts = {rule["alert"] for rule in group["rules"]}
    assert (fired, silent) == (alerts, alerts)
