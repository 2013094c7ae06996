from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from include.deployment.first_start import keep_password
from tests.conftest import PROJECT


def start(scratch: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PIPELINE_LAKE": str(scratch / "lake"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(scratch / "passwords.json"),
        "AIRFLOW_ADMIN_USER": "ann",
        "AIRFLOW_ADMIN_PASSWORD": "word-of-ann",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg2://airflow:word@here/airflow",
        "PIPELINE_CATALOG": "postgresql://reader@there:5433/lake",
        "PGPASSFILE": str(scratch / "pgpass"),
        "LAKE_PASSWORD": "word-of-lake",
        **variables,
    }
    command = [sys.executable, "-m", "include.deployment.first_start"]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


def test_first_start_makes_login_and_directories_repeatably(tmp_path: Path) -> None:
    assert [start(tmp_path).returncode for _ in range(2)] == [0, 0]
    file = tmp_path / "passwords.json"
    assert json.loads(file.read_text()) == {"ann": "word-of-ann"}
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == [
        Path("lake"),
        Path("lake/spark_events"),
        Path("passwords.json"),
        Path("pgpass"),
    ]


def test_password_of_catalog_is_its_owners(tmp_path: Path) -> None:
    passwords = tmp_path / "pgpass"
    for word in ("first-word", "second-word"):
        assert start(tmp_path, LAKE_PASSWORD=word).returncode == 0
        assert passwords.read_text() == f"there:5433:lake:reader:{word}\n"
        assert passwords.stat().st_mode & 0o777 == 0o600


def test_bad_catalog_stops_it(tmp_path: Path) -> None:
    done = start(tmp_path, PIPELINE_CATALOG="postgresql://lake:word@postgres:5432/lake")
    assert done.returncode == 1
    assert "PIPELINE_CATALOG: it has a password" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_bad_setting_stops_first_start_before_any_file(tmp_path: Path) -> None:
    done = start(tmp_path, PIPELINE_LISTENING_STOP_QUALTY_SCORE="80")
    assert done.returncode == 1
    assert done.stderr.startswith("ERROR settings: PIPELINE_LISTENING_STOP_QUALTY_SCORE: no such setting; did you mean")
    assert list(tmp_path.iterdir()) == []


def test_changed_password_holds_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "passwords.json"
    file.write_text(json.dumps({"ann": "old", "bob": "his"}))
    keep_password(file, "ann", "new")
    assert json.loads(file.read_text()) == {"ann": "new", "bob": "his"}
