"""The DAG on a real Spark cluster gives the same bytes; only the connection differs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from include.deployment.local_spark import EMBEDDED
from include.sample_data.listening import generate_log
from spark_jobs.lake.tables import buckets_of
from spark_jobs.logs.listening.tables import LISTENS
from spark_jobs.shared.lake import Lake
from tests.commands import started
from tests.conftest import PROJECT, QUICK_JVM
from tests.stack.spark_cluster import CORES, WORKERS, Cluster, connection, spark_cluster

pytestmark = [pytest.mark.end_to_end, pytest.mark.long]

RUN_DATE = date(2009, 5, 5)
# The data is tiny: what costs time is to start Spark twelve times.
QUICK_START = {f"spark.{process}.extraJavaOptions": QUICK_JVM for process in ("driver", "executor")}
Run = Callable[..., Lake]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="module")
def log(scratch: Path) -> Path:
    log = scratch / "my [log].tsv"
    size = ("--listens", "20000", "--users", "40", "--seed", "7", "--odd-lines")
    generate_log.main([str(log), *size, "--newest", f"{RUN_DATE}T22:00:00Z"])
    return log


@pytest.fixture(scope="module")
def run(scratch: Path, log: Path) -> Run:
    """`make run` with a lake and a connection of its own, but one Airflow."""

    def run(name: str, connection: dict[str, Any]) -> Lake:
        lake = Lake(str(scratch / name / "the lake's root"), "listening")
        variables = {"INPUT": str(log), "RUN_DATE": str(RUN_DATE), "LAKE": lake.root, "MIN_QUALITY_SCORE": "1"}
        given = {
            **variables,
            "PIPELINE_AIRFLOW_HOME": str(scratch / "airflow"),
            "AIRFLOW_CONN_SPARK_DEFAULT": json.dumps(connection),
        }
        command = started("cli run", **given)
        done = subprocess.run(**command, cwd=PROJECT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return lake

    return run


@pytest.fixture(scope="module")
def embedded(run: Run) -> Lake:
    return run("embedded", {**EMBEDDED, "extra": {**EMBEDDED["extra"], **QUICK_START}})


@pytest.fixture(scope="module")
def cluster(scratch: Path) -> Iterator[Cluster]:
    with spark_cluster(scratch / "spark") as cluster:
        yield cluster


@pytest.fixture(scope="module")
def on_the_cluster(run: Run, cluster: Cluster) -> Lake:
    return run("clustered", connection(cluster, {**EMBEDDED["extra"], **QUICK_START}))


def test_the_answer_is_the_same_to_the_byte(on_the_cluster: Lake, embedded: Lake) -> None:
    answer, expected = (
        (Path(lake.report(RUN_DATE)) / "top_songs.tsv").read_bytes() for lake in (on_the_cluster, embedded)
    )
    assert len(expected.splitlines()) == 11
    assert answer == expected


def test_all_six_stages_ran_on_both_workers(on_the_cluster: Lake, cluster: Cluster, scratch: Path) -> None:
    done = cluster.state()["completedapps"]
    assert len(done) == 6
    assert {(app["state"], app["cores"]) for app in done} == {("FINISHED", WORKERS * CORES)}
    for worker in range(WORKERS):
        executors = (scratch / "spark" / f"worker-{worker}" / "applications").glob("app-*/*")
        assert len(list(executors)) == 6


def test_workers_get_the_code_from_spark_submit(on_the_cluster: Lake, scratch: Path) -> None:
    for worker in range(WORKERS):
        known = (scratch / "spark" / f"worker-{worker}" / "applications").glob("app-*/*/spark_jobs-*.zip")
        assert len(list(known)) == 3


def test_buckets_are_a_round_of_the_clusters_cores(on_the_cluster: Lake) -> None:
    with on_the_cluster.catalog.open() as catalog:
        assert buckets_of(catalog, "listening", LISTENS) == WORKERS * CORES
        files = catalog.load_table(("listening", LISTENS.name)).inspect.files()
    assert len(files) == WORKERS * CORES


def test_cluster_and_local_runs_report_equal_input_reads(on_the_cluster: Lake, embedded: Lake) -> None:
    reads = []
    for lake in (embedded, on_the_cluster):
        report = json.loads((Path(lake.report(RUN_DATE)) / "report.json").read_bytes())
        reads.append({stage: one["input_reads"] for stage, one in report["spark"].items()})
    assert reads[0] == reads[1]
    assert len(reads[0]) == 6
