from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path

# It sets up logging when it is first imported, which must not be while a test listens.
import airflow.settings  # noqa: F401
import pytest

from include.deployment.jars import local_jars
from include.telemetry import connect_costs
from include.telemetry.event_logs import DIRECTORY, MARK
from include.telemetry.live_counts import WrittenFiles
from include.telemetry.records_read import OfEventLog, of_session
from include.telemetry.spark_costs import spark_costs
from spark_jobs.shared.lake import Lake
from tests.connect_server import TOKEN, ConnectServer
from tests.include.telemetry import work
from tests.stack.spark_cluster import clean_environment

RECORDS = work.LINES.count("\n")


def run(*arguments: str, token: str = "") -> None:
    command = [sys.executable, "-m", work.__name__, *arguments]
    done = subprocess.run(
        command, env=clean_environment() | {TOKEN: token}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    (tmp_path / "lines.txt").write_text(work.LINES)
    (tmp_path / "events").mkdir()
    return tmp_path


def test_tagged_jobs_of_a_session_are_read(
    spark_server: ConnectServer, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, spark_server.token)
    # A server's first answer takes seconds, more on a machine that is busy.
    monkeypatch.setattr(connect_costs, "TIMEOUT", 60)
    session = str(uuid.uuid4())
    run("judging", str(scratch), f"{spark_server.address}/;user_id=u;session_id={session}", token=spark_server.token)
    assert of_session(spark_server.ui, session) == RECORDS
    assert of_session(spark_server.ui, str(uuid.uuid4())) == 0


def test_tasks_that_failed_once_count_once(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = WrittenFiles(Lake(str(scratch / "retried"), "listening"))
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    run("retried", str(scratch), ",".join(map(str, local_jars())))
    (log,) = (file for file in (scratch / "events").iterdir() if not file.name.startswith("."))
    costs = spark_costs(log)
    assert costs.failed_tasks > 1
    assert costs.input_records > RECORDS
    # As it was while the application ran.
    log.rename(log.with_suffix(".inprogress"))
    marked = log.with_suffix(".inprogress")
    marked.write_text(marked.read_text().replace('"spark.app.name":', f'"{MARK}":"ours","spark.app.name":', 1))
    assert OfEventLog({DIRECTORY: (scratch / "events").as_uri(), MARK: "ours"})() == RECORDS
    assert files.counts() == (RECORDS - 1, 1)
