"""The whole DAG with log, tables, documents and Data Docs in an object store; no key is to be seen anywhere."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from cli.java import java_home
from include.deployment.jars import LAKE, S3, local_jars, spark_jars
from include.deployment.local_spark import EMBEDDED
from include.sample_data.listening import generate_log
from spark_jobs.shared.lake import Lake
from tests.catalog_server import PLANTED, catalog_server
from tests.commands import commands_noted, started
from tests.conftest import PROJECT, QUICK_JVM
from tests.object_store import BUCKET, ObjectStore

pytestmark = [pytest.mark.end_to_end, pytest.mark.operations]

RUN_DATE = date(2009, 5, 4)
LOG_NAME = "in/my [log] of 5%*.tsv.gz"
LAKE_ROOT = f"s3://{BUCKET}/lakes/listening lake"
TSV = f"lakes/listening lake/listening/reports/run_date={RUN_DATE}/top_songs.tsv"


@dataclass
class Done:
    """Runs that have ended, with the log in the store and on a disk, and what was seen of them meanwhile."""

    home: Path
    environment: dict[str, str]
    said: dict[str, subprocess.CompletedProcess[str]] = field(default_factory=dict)
    commands: set[str] = field(default_factory=set)

    def make(self, target: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run a target of make on the lake in the store."""
        command = [sys.executable, "-m", "cli", target, f"--lake={LAKE_ROOT}", *options]
        return subprocess.run(command, cwd=PROJECT, env=self.environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def done(object_store: ObjectStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    home = tmp_path_factory.mktemp("object_store_run")
    log = home / "log.tsv"
    size = ("--listens", "970", "--users", "6", "--seed", "7", "--score", "97", "--newest", f"{RUN_DATE}T22:00:00Z")
    generate_log.main([str(log), *size])
    uri = object_store.put(LOG_NAME, gzip.compress(log.read_bytes()))
    (home / "events").mkdir()
    with catalog_server(home) as catalog:
        settings = {"PIPELINE_AIRFLOW_HOME": str(home / "airflow"), "TMPDIR": str(home)}
        done = Done(home, os.environ | object_store.environment | catalog | settings)
        with commands_noted(done.commands):
            done.said["s3"] = _run(done, done.environment, LAKE=LAKE_ROOT, INPUT=uri)
        done.said["disk"] = _run(done, os.environ | settings, LAKE=str(home / "lake"), INPUT=str(log))
        yield done


def _run(done: Done, environment: dict[str, str], **words: str) -> subprocess.CompletedProcess[str]:
    extra = {
        **EMBEDDED["extra"],
        "spark.driver.extraJavaOptions": QUICK_JVM,
        **spark_jars("s3://"),
        # Where a test can look into them.
        "spark.eventLog.dir": (done.home / "events").as_uri(),
    }
    connection = {"AIRFLOW_CONN_SPARK_DEFAULT": json.dumps({**EMBEDDED, "extra": extra})}
    command = started("cli run", RUN_DATE=str(RUN_DATE), **words)
    command["env"] = environment | connection
    return subprocess.run(**command, cwd=PROJECT, capture_output=True, text=True, check=False)


def test_answer_in_store_equals_answer_on_disk(done: Done, object_store: ObjectStore) -> None:
    for said in done.said.values():
        assert said.returncode == 0, said.stdout[-6000:] + said.stderr[-2000:]
    on_disk = Lake(str(done.home / "lake"), "listening").report(RUN_DATE) / "top_songs.tsv"
    assert object_store.get(TSV) == on_disk.read_bytes()
    assert f"Report: {LAKE_ROOT}/listening/reports/run_date={RUN_DATE}/report.html" in done.said["s3"].stdout


def test_everything_of_the_lake_is_in_the_store(done: Done, object_store: ObjectStore) -> None:
    names = object_store.names("lakes/listening lake")
    for part in (
        "warehouse/listening/top_songs/",
        f"runs/run_date={RUN_DATE}/published/",
        "inputs/",
        "data_docs/index",
    ):
        assert any(part in name for name in names), part
    assert [path for kind in ("links", "data-docs", "spark-events") for path in done.home.glob(f"{kind}-*")] == []


def test_keys_are_in_nothing_that_was_written(done: Done, object_store: ObjectStore) -> None:
    files = [path for path in done.home.rglob("*") if path.is_file() and path.name != "pgpass"]
    written = {str(path): path.read_bytes() for path in files}
    written |= {name: object_store.get(name) for name in object_store.names("lakes/listening lake")}
    written |= {"said": (done.said["s3"].stdout + done.said["s3"].stderr).encode()}
    written |= {"ps": "\n".join(done.commands).encode()}
    assert any("spark-submit" in command or "SparkSubmit" in command for command in done.commands)
    assert len([path for path in (done.home / "events").iterdir() if path.is_file()]) == 12
    for secret in (object_store.access_key, object_store.secret_key, PLANTED):
        assert [name for name, content in written.items() if secret.encode() in content] == []


def test_lake_in_the_store_is_queried(done: Done) -> None:
    asked = done.make("query", "--sql=SELECT count(*) AS songs FROM top_songs")

    assert asked.returncode == 0, asked.stderr
    assert "10" in asked.stdout


def test_rejected_lines_of_the_store_are_written_back(done: Done) -> None:
    output = done.home / "rejected.tsv"
    asked = done.make("rejected", f"--run-date={RUN_DATE}", f"--output={output}")

    assert asked.returncode == 0, asked.stdout
    assert output.read_bytes().count(b"\n") == 30


def test_run_in_the_store_is_published_by_hand(done: Done, object_store: ObjectStore) -> None:
    asked = done.make("publish", f"--run-date={RUN_DATE}", "--reason=looked at it")

    assert asked.returncode == 0, asked.stdout
    report = json.loads(object_store.get(TSV.replace("top_songs.tsv", "report.json")))
    assert report["published_by_hand"]["reason"] == "looked at it"


def test_lake_in_the_store_is_maintained(done: Done) -> None:
    asked = done.make("maintain")

    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert "files of no table removed: 0" in asked.stdout


def test_history_of_the_store_is_refused(done: Done) -> None:
    asked = done.make("history")

    assert asked.returncode == 1
    assert "an object store keeps no event logs" in asked.stdout


def test_bucket_without_rights_is_refused(done: Done) -> None:
    command = [sys.executable, "-m", "cli", "run", "--lake=s3://somebody-elses/lake"]
    environment = done.environment | {"PIPELINE_CATALOG": _catalog(done, "template1")}
    asked = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)

    assert asked.returncode == 1
    assert "the lake s3://somebody-elses/lake cannot be written" in asked.stdout
    assert "ACCESS_DENIED" in asked.stdout


def test_keys_in_a_file_suffice(done: Done, object_store: ObjectStore) -> None:
    file = done.home / "keys"
    keys = {"aws_access_key_id": object_store.access_key, "aws_secret_access_key": object_store.secret_key}
    file.write_text("\n".join(["[default]", *(f"{name}={value}" for name, value in keys.items())]))
    file.chmod(0o600)
    jars = ",".join(map(str, local_jars((*LAKE, *S3))))
    environment = {name: value for name, value in done.environment.items() if "KEY" not in name} | {
        "AWS_SHARED_CREDENTIALS_FILE": str(file),
        "PIPELINE_CATALOG": _catalog(done, "postgres"),
        "JAVA_HOME": str(java_home(PROJECT / ".java")),
        "PYSPARK_SUBMIT_ARGS": f"--master local[2] --jars {jars} pyspark-shell",
    }
    given = [
        "--input",
        f"s3a://{BUCKET}/in",
        "--lake",
        f"s3://{BUCKET}/lakes/other",
        "--log",
        "listening",
        "--run-date",
        str(RUN_DATE),
    ]
    command = [sys.executable, "-m", "spark_jobs.data_quality.job", *given]
    job = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    file.unlink()

    assert job.returncode == 0, job.stderr[-3000:]
    assert "1,000 lines read, 970 accepted" in job.stdout


def _catalog(done: Done, database: str) -> str:
    """A catalog without a lake, in a database that every server has."""
    return re.sub("/[^/]+$", f"/{database}", done.environment["PIPELINE_CATALOG"])


def test_catalog_of_another_lake_is_refused(done: Done) -> None:
    command = [sys.executable, "-m", "cli", "query", "--lake=s3://music/lakes/other", "--sql=SELECT 1"]
    asked = subprocess.run(command, cwd=PROJECT, env=done.environment, capture_output=True, text=True, check=False)

    assert asked.returncode == 1
    assert f"set LAKE to {LAKE_ROOT}, name another database in PIPELINE_CATALOG" in asked.stderr


@pytest.mark.parametrize("target", ["run", "query", "publish", "maintain"])
def test_store_without_a_catalog_is_refused(
    target: str, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIPELINE_CATALOG", raising=False)
    options = {"query": ["--sql=SELECT 1"], "publish": [f"--run-date={RUN_DATE}", "--reason=r"]}.get(target, [])
    command = [sys.executable, "-m", "cli", target, f"--lake={LAKE_ROOT}", *options]
    asked = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)

    assert asked.returncode == 1
    assert "name a PostgreSQL in PIPELINE_CATALOG" in asked.stdout + asked.stderr
    assert "Traceback" not in asked.stdout + asked.stderr
