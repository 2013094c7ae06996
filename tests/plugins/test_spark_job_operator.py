from __future__ import annotations

import json
import os
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

from include.event_logs import MARK
from include.spark_secrets import REDACTION, SECRET
from plugins import spark_job_operator
from plugins.spark_job_operator import SparkJobOperator, zip_package
from scripts.java import java_home
from spark_jobs.shared.lake import Lake
from tests.conftest import PROJECT
from tests.logs import RUN_DATE

# The provider leaves the pipe it read spark-submit's output from to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file <_io.TextIOWrapper:ResourceWarning")


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to an embedded Spark, and spark-submit on the path."""
    extra = {
        "spark.driver.memory": "700m",
        "spark.driver.extraJavaOptions": "-Da=1",
        "spark.log.level": "ERROR",
        "queue": "not for Spark",
    }
    document = json.dumps({"conn_type": "spark", "host": "local[1]", "extra": extra})
    monkeypatch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", document)
    monkeypatch.setenv("JAVA_HOME", str(java_home(PROJECT / ".java")))
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")


def operator(*arguments: str, job: str = "session_analysis", **more: str) -> SparkJobOperator:
    lake, date = Lake(os.environ["LASTFM_LAKE"]), str(RUN_DATE)
    return SparkJobOperator(task_id="job", job=job, lake=lake, run_date=date, application_args=list(arguments), **more)


def context() -> dict[str, Any]:
    seconds: dict[str, float] = {}
    task_instance = SimpleNamespace(task_id="job", xcom_push=lambda key, value: seconds.update({key: value}))
    return {"ti": task_instance, "seconds": seconds}


@pytest.mark.usefixtures("connection")
def test_data_that_fails_a_job_fails_it_for_good_and_the_jobs_own_words_are_in_the_error(tmp_path: Path) -> None:
    task = operator("--lake", str(tmp_path), "--run-date", "2009-05-04")
    with pytest.raises(
        AirflowFailException, match="data_quality.json does not exist; run data_quality for 2009-05-04 first"
    ):
        task.execute(context())
    given = {key: value for key, value in (task.conf or {}).items() if not key.startswith("spark.eventLog.")}
    assert given.pop(MARK)
    assert given.pop(REDACTION) == SECRET
    assert given == {
        "spark.driver.memory": "700m",
        "spark.driver.extraJavaOptions": "-Da=1",
        "spark.log.level": "ERROR",
    }


@pytest.mark.usefixtures("connection")
def test_a_job_leaves_its_event_log_in_the_lake_and_sparks_own_figures_beside_its_record(tmp_path: Path) -> None:
    log = tmp_path / "log.tsv"
    log.write_text("user_000001\t2009-05-01T12:00:00Z\t\tPlaid\t\tEyen\n" * 5)
    lake = Lake(str(tmp_path / "the lake's root"))
    arguments = ("--lake", lake.root, "--run-date", str(RUN_DATE), "--input", str(log))
    task = operator(*arguments, job="data_quality")
    task.lake = lake
    task.execute(context())
    figures = json.loads(Path(lake.spark_figures("job", RUN_DATE)).read_bytes())
    assert [file.name for file in Path(lake.spark_events()).glob("[!.]*")] == [figures["application_id"]]
    # The log's five lines, and once more the four of them that were rejected.
    assert figures["input_records"] == 5 + 4


SECRETS = {
    "spark.hadoop.fs.azure.account.key.lake": "planted-1",
    "spark.hadoop.fs.s3a.session.token": " planted=2\\ü#",
    "spark.hadoop.planted": "-Dstore.password=planted-3",
}


@pytest.mark.usefixtures("connection")
def test_secrets_of_the_connection_reach_spark_but_no_command_line_and_no_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(os.environ["AIRFLOW_CONN_SPARK_DEFAULT"])
    document["extra"] |= SECRETS
    monkeypatch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", json.dumps(document))
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    (tmp_path / "spark-defaults.conf").write_text("spark.planted.default by the deployment")
    log = tmp_path / "log.tsv"
    log.write_text("user_000001\t2009-05-01T12:00:00Z\t\tPlaid\t\tEyen\n")
    lake = Lake(str(tmp_path / "lake"))
    task = operator("--lake", lake.root, "--run-date", str(RUN_DATE), "--input", str(log), job="data_quality")
    task.lake = lake
    # Airflow masks them in a task's log, but not in `airflow dags test`: so they must not even reach the log.
    monkeypatch.setattr("airflow.sdk.log.mask_secret", lambda _: None)
    read: list[str] = []
    real = spark_job_operator.write_properties

    def write_and_read(secrets: dict[str, str], file: Path) -> str:
        read.extend(Path(real(secrets, file)).read_text(encoding="utf-8").splitlines())
        return str(file)

    monkeypatch.setattr(spark_job_operator, "write_properties", write_and_read)
    task.execute(context())

    said = caplog.text + "".join(capfd.readouterr())
    command = " ".join(task._hook._build_spark_submit_command("job.py"))
    (events,) = Path(lake.spark_events()).glob("[!.]*")
    for secret in ("planted-1", "planted=2", "planted-3"):
        assert [secret in text for text in (said, command, events.read_text())] == [False, False, False]
    environment = next(line for line in events.read_text().splitlines() if "SparkListenerEnvironmentUpdate" in line)
    properties = json.loads(environment)["Spark Properties"]
    assert {name: properties[name] for name in SECRETS} == dict.fromkeys(SECRETS, "*********(redacted)")
    assert properties["spark.planted.default"] == "by the deployment"
    assert read[2] == "spark.hadoop.fs.s3a.session.token=\\ planted\\=2\\\\ü\\#"
    assert not Path(task.properties_file).exists()


@pytest.mark.usefixtures("connection")
def test_a_bad_argument_fails_for_good_and_says_what_is_allowed(tmp_path: Path) -> None:
    task = operator("--lake", str(tmp_path), "--run-date", "today")
    with pytest.raises(AirflowFailException, match="found 'today', allowed is a date as YYYY-MM-DD"):
        task.execute(context())


@pytest.mark.usefixtures("connection")
@pytest.mark.parametrize("job", ["data_quality", "session_analysis", "ranking"])
def test_every_job_starts_anywhere_from_its_zip_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, job: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    asked = context()
    operator("--help", job=job).execute(asked)
    assert asked["seconds"]["seconds"] > 0


def test_without_a_connection_the_job_does_not_go_to_some_other_cluster(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SPARK_DEFAULT", raising=False)
    with pytest.raises(AirflowNotFoundException, match="spark_default"):
        operator("--lake", str(tmp_path), "--run-date", "2009-05-04").execute(context())


def test_the_zip_holds_the_package_and_is_named_after_its_content(tmp_path: Path) -> None:
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
