"""A log is added as docs/adding_a_log.md says: by files of its own and one line in the dictionary of contracts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.toy.known import TREE
from tests.warm_server import WarmServer

pytestmark = pytest.mark.end_to_end
DAY = date(2009, 5, 1)
GUIDE = PROJECT / "docs" / "adding_a_log.md"
# What a clone has beside its files: it is neither copied nor made anew.
MADE = (".venv", ".jars", ".build", ".java")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the files of the toy log, and its line in the dictionary of contracts."""
    copy = tmp_path_factory.mktemp("adding") / "project"
    for package in ("cli", "dags", "include", "plugins", "spark_jobs"):
        shutil.copytree(PROJECT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (name for name in MADE if (PROJECT / name).exists()):
        (copy / name).symlink_to(PROJECT / name)
    shutil.copytree(TREE, copy, dirs_exist_ok=True)
    contracts = copy / "spark_jobs" / "logs" / "contracts.py"
    text = contracts.read_text(encoding="utf-8").replace("SHOP, NOTES)", "SHOP, NOTES, DOORS)")
    imported = "from spark_jobs.logs.doors.contract import DOORS\n"
    contracts.write_text(text.replace("from spark_jobs.logs.listening", f"{imported}from spark_jobs.logs.listening"))
    return copy


@pytest.fixture(scope="module")
def lake(project: Path, warm_spark: WarmServer) -> Path:
    """The lake after `make run LOG=doors` on the log's own sample."""
    lake = project.with_name("lake")
    options = ["--log=doors", f"--lake={lake}", f"--run-date={DAY}"]
    environment = {**os.environ, **warm_spark.exports, "PIPELINE_AIRFLOW_HOME": str(project.with_name("airflow"))}
    command = [sys.executable, "-m", "cli", "run", *options]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FRONT: 20" in done.stdout
    return lake


def test_added_log_is_run_checked_and_reported(lake: Path) -> None:
    reports = lake / "doors" / "reports" / f"run_date={DAY}"
    assert (reports / "door_counts.tsv").read_text() == "door\tpassages\nBACK\t1\nFRONT\t20\n"
    report = json.loads((reports / "report.json").read_bytes())
    assert (report["verdict"], round(report["quality_score"], 2)) == ("good", 95.45)
    assert [one for one in report["rejected"] if one["records"]] == [
        {"kind": "passages", "name": "missing_badge", "sentence": "The badge is empty.", "records": 1}
    ]
    assert set(report["checks"]) == {"check_passages", "check_sessions", "check_door_counts"}
    assert "<li>FRONT: 20 passages</li>" in (reports / "report.html").read_text()


def test_added_log_has_tables_of_its_own(project: Path, lake: Path) -> None:
    question = "SELECT badge, started_at, passage_count FROM sessions"
    command = [sys.executable, "-m", "cli", "query", "--log=doors", f"--lake={lake}", f"--sql={question}"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split("│")[1].strip() for line in done.stdout.splitlines() if "2009-05-01" in line] == ["ann", "ben"]
    assert not (lake / "listening").exists()


def test_guide_names_every_file_of_the_log() -> None:
    said = GUIDE.read_text(encoding="utf-8")
    files = [file.relative_to(TREE) for file in TREE.rglob("*") if file.is_file() and file.suffix in (".py", ".j2")]
    assert [str(file) for file in files if file.name != "__init__.py" and f"tests/toy/tree/{file}" not in said] == []
