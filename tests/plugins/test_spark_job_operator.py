from __future__ import annotations

import json
import logging
import os
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

from cli.java import java_home
from include.deployment.jars import FOLDER, LAKE, spark_jars
from include.deployment.spark_secrets import REDACTION, SECRET
from include.runs import run_lock
from include.telemetry import live_counts
from include.telemetry.event_logs import MARK, read_costs
from plugins import spark_job_operator
from plugins.spark_job_operator import SparkJobOperator, zip_package
from spark_jobs.lake.errors import LockedError
from spark_jobs.shared.documents import read_record
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord
from tests.conftest import PROJECT
from tests.logs import RUN_DATE

# One that is there: Spark gives it to every executor.
THEIR_JAR = (FOLDER / LAKE[-1].file_name).as_uri()


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to an embedded Spark, and spark-submit on the path."""
    connect(monkeypatch)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A place from which no job is found but in its zip. Each of the three starts in it, for one test or another."""
    go_elsewhere(monkeypatch, tmp_path)


def go_elsewhere(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    monkeypatch.chdir(directory)
    monkeypatch.delenv("PYTHONPATH", raising=False)


def connect(monkeypatch: pytest.MonkeyPatch, **secrets: str) -> None:
    extra = {
        "spark.driver.memory": "700m",
        "spark.driver.extraJavaOptions": "-Da=1",
        "spark.jars": THEIR_JAR,
        "spark.log.level": "ERROR",
        "queue": "not for Spark",
        **secrets,
    }
    document = json.dumps({"conn_type": "spark", "host": "local[1]", "extra": extra})
    monkeypatch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", document)
    monkeypatch.setenv("JAVA_HOME", str(java_home(PROJECT / ".java")))
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")


def operator(lake: Lake, *arguments: str, job: str = "session_analysis", date: str = str(RUN_DATE)) -> SparkJobOperator:
    told = ["--lake", lake.root, "--log", "listening", "--run-date", date, *arguments]
    return SparkJobOperator(task_id=job, job=job, lake=lake, run_date=str(RUN_DATE), application_args=told)


def context() -> dict[str, Any]:
    seconds: dict[str, float] = {}
    task_instance = SimpleNamespace(
        task_id="job", dag_id="listening", xcom_push=lambda key, value: seconds.update({key: value})
    )
    return {"ti": task_instance, "run_id": "run 1", "seconds": seconds}


def records(lake: Lake) -> list[str]:
    """The files in which stages and their tries have left what they did."""
    return sorted(file.name for file in Path(lake.stage_record("data_quality", RUN_DATE)).parent.glob("*.json"))


@pytest.mark.usefixtures("connection", "elsewhere")
def test_data_error_fails_task_with_the_jobs_words(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path), "listening")
    task = operator(lake)
    with pytest.raises(AirflowFailException, match="data_quality.json does not exist; run data_quality for 2009-05-04"):
        task.execute(context())
    assert records(lake) == []
    given = {key: value for key, value in (task.conf or {}).items() if not key.startswith("spark.eventLog.")}
    assert given.pop(MARK)
    assert given.pop(REDACTION) == SECRET
    assert given == {
        **lake.catalog.spark_settings(),
        "spark.driver.memory": "700m",
        "spark.driver.extraJavaOptions": "-Da=1",
        **spark_jars(master="local"),
        "spark.jars": THEIR_JAR,
        "spark.log.level": "ERROR",
        "spark.executorEnv.LC_ALL": "C.UTF-8",
    }


SECRETS = {
    "spark.hadoop.fs.azure.account.key.lake": "planted-1",
    "spark.hadoop.fs.s3a.session.token": " planted=2\\ü#",
    "spark.hadoop.planted": "-Dstore.password=planted-3",
}


@dataclass(frozen=True)
class Ran:
    """A job that ran, and what there was to see of it: in its lake, in this process's output, of its properties."""

    lake: Lake
    task: SparkJobOperator
    returned: Any
    seconds: dict[str, float]
    said: str
    secrets_file: list[str]

    @property
    def events(self) -> Path:
        (events,) = Path(self.lake.spark_events()).glob("[!.]*")
        return events


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A data_quality that succeeds, with secrets in its connection, defaults of the deployment, and the locale C."""
    home = tmp_path_factory.mktemp("ran")
    (home / "spark-defaults.conf").write_text("spark.planted.default by the deployment")
    log = home / "log.tsv"
    log.write_text("user_000001\t2009-05-01T12:00:00Z\t\tPlaid\t\tEyen\n" * 5)
    lake = Lake(str(home / "the lake's rööt"), "listening")
    task = operator(lake, "--input", str(log), job="data_quality")
    read: list[str] = []
    real = spark_job_operator.write_properties

    def write_and_read(secrets: dict[str, str], file: Path) -> str:
        read.extend(Path(real(secrets, file)).read_text(encoding="utf-8").splitlines())
        return str(file)

    asked = context()
    with pytest.MonkeyPatch.context() as patched, heard(home / "said.log"):
        connect(patched, **SECRETS)
        go_elsewhere(patched, home)
        patched.setenv("SPARK_CONF_DIR", str(home))
        patched.setenv("LC_ALL", "C")
        # Airflow masks them in a task's log, but not in `airflow dags test`: so they must not even reach the log.
        patched.setattr("airflow.sdk.log.mask_secret", lambda _: None)
        patched.setattr(spark_job_operator, "write_properties", write_and_read)
        patched.setattr(live_counts, "SECONDS_BETWEEN_LOOKS", 0.1)
        os.system("echo a child process is heard")  # noqa: S605
        returned = task.execute(asked)
    return Ran(lake, task, returned, asked["seconds"], (home / "said.log").read_text(), read)


@contextmanager
def heard(log: Path) -> Iterator[None]:
    """Keep in a file all that this process logs and prints, and what those that it starts print."""
    streams = (1, 2)
    before = [os.dup(stream) for stream in streams]
    with log.open("a", buffering=1) as said:
        handler = logging.StreamHandler(said)
        logging.getLogger().addHandler(handler)
        for stream in streams:
            os.dup2(said.fileno(), stream)
        try:
            with redirect_stdout(said), redirect_stderr(said):
                yield
        finally:
            for stream, kept in zip(streams, before, strict=True):
                os.dup2(kept, stream)
                os.close(kept)
            logging.getLogger().removeHandler(handler)


def test_job_leaves_event_log_and_spark_measurements(ran: Ran) -> None:
    costs = read_costs(ran.lake, "data_quality", RUN_DATE)
    assert ran.events.name == costs.application_id
    # The range by which the job finds out how many cores there are, and what it read of the log.
    assert costs.input_records == 10_000 + 10
    assert ran.seconds["seconds"] > 0


def test_task_log_tells_counts_while_the_job_runs(ran: Ran) -> None:
    told = [line.partition(" so far: ")[2] for line in ran.said.splitlines() if " so far: " in line]
    assert told[0] in ("0 accepted, 0 rejected", "0 records read, 0 accepted, 0 rejected")
    assert told[-1] == "5 records read, 1 accepted, 4 rejected"
    assert not Path(ran.lake.live_counts(RUN_DATE)).exists()


def test_task_returns_the_snapshots_of_its_record(ran: Ran) -> None:
    record = read_record(ran.lake, DataQualityRecord, RUN_DATE)
    assert ran.returned == {"snapshots": record.snapshots}
    assert sorted(record.snapshots) == ["listens", "rejected_records"]
    assert record.run_id == "run 1"
    assert records(ran.lake) == ["data_quality.json"]


def test_job_of_another_run_does_not_start_meanwhile(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path), "listening")
    run_lock.take(lake, "another run")
    # Airflow tries it again.
    with pytest.raises(LockedError, match="is being written by the run another run, since"):
        operator(lake).execute(context())


def test_connection_secrets_reach_only_spark(ran: Ran) -> None:
    command = " ".join(ran.task._hook._build_spark_submit_command("job.py"))
    events = ran.events.read_text()
    assert "Spark-Submit cmd: " in ran.said
    assert "a child process is heard" in ran.said
    for secret in ("planted-1", "planted=2", "planted-3"):
        assert [secret in text for text in (ran.said, command, events)] == [False, False, False]
    environment = next(line for line in events.splitlines() if "SparkListenerEnvironmentUpdate" in line)
    properties = json.loads(environment)["Spark Properties"]
    assert {name: properties[name] for name in SECRETS} == dict.fromkeys(SECRETS, "*********(redacted)")
    assert properties["spark.planted.default"] == "by the deployment"
    assert ran.secrets_file[2] == "spark.hadoop.fs.s3a.session.token=\\ planted\\=2\\\\ü\\#"
    assert not Path(ran.task.properties_file).exists()


@pytest.mark.usefixtures("connection", "elsewhere")
def test_bad_argument_fails_task_and_says_allowed_values(tmp_path: Path) -> None:
    task = operator(Lake(str(tmp_path), "listening"), job="ranking", date="today")
    with pytest.raises(AirflowFailException, match="found 'today', allowed is a date as YYYY-MM-DD"):
        task.execute(context())


def test_job_without_a_connection_does_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SPARK_DEFAULT", raising=False)
    with pytest.raises(AirflowNotFoundException, match="spark_default"):
        operator(Lake(str(tmp_path), "listening")).execute(context())


def test_zip_of_package_is_named_by_its_content(tmp_path: Path) -> None:
    package = tmp_path / "package"
    (package / "part").mkdir(parents=True)
    for file in ("__init__.py", "part/__init__.py", "part/job.py"):
        (package / file).write_text("")
    (package / "part" / "notes.txt").write_text("not code")
    first = zip_package(package, tmp_path)
    assert sorted(zipfile.ZipFile(first).namelist()) == [
        "package/__init__.py",
        "package/part/__init__.py",
        "package/part/job.py",
    ]
    assert zip_package(package, tmp_path) == first
    (package / "part" / "job.py").write_text("changed = True")
    assert zip_package(package, tmp_path).name != first.name
