"""`make env` as a person has it, and what it finds in a file."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from cli import settings_file
from cli.settings_file import SettingsFileError, make, read, variables
from cli.stack_settings import Deployment, misfits
from include.deployment import settings as of_the_runs
from tests.commands import started
from tests.conftest import PROJECT
from tests.stack import compose


def make_env(file: Path) -> subprocess.CompletedProcess[str]:
    command = started("cli env", ENV=str(file))
    return subprocess.run(**command, cwd=PROJECT, capture_output=True, text=True, check=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / ".env"
    make(file)
    return file


def changed(file: Path, *lines: str, without: str = "nothing") -> Path:
    """The file with lines at its end, which hold over those before, and without a variable."""
    text = re.sub(rf"^{without}=.*$", "", file.read_text(), flags=re.MULTILINE)
    file.write_text("\n".join([text, *lines, ""]))
    return file


def faults(file: Path) -> list[str]:
    with pytest.raises(SettingsFileError) as error:
        read(file)
    return str(error.value).splitlines()


def test_settings_file_has_fresh_secrets_and_is_kept(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert [make_env(one).returncode for one in (first, second)] == [0, 0]
    assert first.stat().st_mode & 0o777 == 0o600
    differ = {name for name, value in variables(first).items() if variables(second)[name] != value}
    assert differ == settings_file.FRESH.keys()

    before = first.read_bytes()
    again = make_env(first)
    assert (again.returncode, first.read_bytes()) == (0, before)
    assert "was there, and stays as it is" in again.stdout


def test_the_example_has_every_variable_and_no_secret() -> None:
    example = settings_file.EXAMPLE.read_text(encoding="utf-8")
    named = set(re.findall(r"^#?([A-Z][A-Z_]+)=", example, flags=re.MULTILINE))
    assert named - of_the_runs.variables().keys() == {field.upper() for field in Deployment.model_fields}
    given = variables(settings_file.EXAMPLE)
    required = {name.upper() for name, field in Deployment.model_fields.items() if field.is_required()}
    assert required - given.keys() == settings_file.FRESH.keys()


def test_compose_reads_only_variables_of_the_file() -> None:
    read_by_compose = set(re.findall(r"\$\{(\w+)", compose.FILE.read_text(encoding="utf-8")))
    assert read_by_compose == {
        field.upper()
        for field in Deployment.model_fields
        if field
        # Handed on as they are, or Compose's own.
        not in (
            "airflow_conn_apprise_default",
            "airflow__metrics__statsd_on",
            "compose_profiles",
            "compose_project_name",
            "pipeline_masking_key",
            "pipeline_masking_key_id",
        )
    }


def test_catalog_with_a_password_is_refused(file: Path) -> None:
    changed(file, "PIPELINE_CATALOG=postgresql://lake:planted@postgres:5432/lake")
    assert faults(file) == ["PIPELINE_CATALOG: allowed is postgresql://user@host:5432/database, without a password"]


def test_unknown_and_missing_variables_are_all_named(file: Path) -> None:
    changed(
        file, "AIRFLOW_PROT=1", "WHATEVER=1", "PIPELINE_LAKE=/lake", "PIPELINE_DATA_DOC_RUNS=1", without="AIRFLOW_PORT"
    )
    assert faults(file) == [
        "AIRFLOW_PORT: missing; .env.example says what it is",
        "AIRFLOW_PROT: no such variable; did you mean AIRFLOW_PORT?",
        "PIPELINE_DATA_DOC_RUNS: no such setting; did you mean PIPELINE_DATA_DOCS_RUNS?",
        "PIPELINE_LAKE: not set here, but by docker-compose.yaml",
        "WHATEVER: no such variable; .env.example has them all",
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("POSTGRES_PASSWORD=p@ss:word/long", "POSTGRES_PASSWORD: allowed is 12 or more letters, digits, dots, - or _"),
        ("AIRFLOW_ADMIN_PASSWORD=short", "AIRFLOW_ADMIN_PASSWORD: allowed is 12 or more letters, digits, dots, - or _"),
        ("AIRFLOW_FERNET_KEY=abc", "AIRFLOW_FERNET_KEY: allowed is 32 random bytes as URL-safe base64"),
        ("AIRFLOW_JWT_SECRET=abc", "AIRFLOW_JWT_SECRET: allowed is 32 or more characters without a space"),
        ("SPARK_CONNECT_TOKEN=a+/b", "SPARK_CONNECT_TOKEN: allowed is 43 or more letters, digits, - or _"),
        ("PIPELINE_MASKING_KEY=secret", "PIPELINE_MASKING_KEY: allowed is 32 or more characters without a space"),
        (
            "PIPELINE_MASKING_KEY_ID=2:b",
            "PIPELINE_MASKING_KEY_ID: allowed is letters, digits, dots, - and _",
        ),
        (
            "PIPELINE_MASKIN_KEY=secret",
            "PIPELINE_MASKIN_KEY: no such setting; did you mean PIPELINE_MASKING_KEY?",
        ),
        ("AIRFLOW_PORT=65536", "AIRFLOW_PORT: allowed is less than or equal to 65535"),
        ("AIRFLOW_PORT=http", "AIRFLOW_PORT: allowed is a whole number"),
        (
            "SPARK_DRIVER_MEMORY=1",
            "SPARK_DRIVER_MEMORY: allowed is a whole number followed by m or g, as in 512m",
        ),
        ("SPARK_WORKER_CORES=0", "SPARK_WORKER_CORES: allowed is greater than or equal to 1"),
        ("SERVICE_CPUS=0", "SERVICE_CPUS: allowed is a number of CPUs above 0, as in 0.5 or 2"),
        (
            "AIRFLOW_CONN_APPRISE_DEFAULT=slack://a",
            "AIRFLOW_CONN_APPRISE_DEFAULT: allowed is a JSON object, on one line",
        ),
        (
            "SPARK_WORKERS=3",
            "SPARK_TOTAL_CORES: found 4, allowed is SPARK_WORKERS times SPARK_WORKER_CORES, which is 6",
        ),
        (
            "AIRFLOW_PORT=18080",
            "AIRFLOW_PORT, SPARK_MASTER_UI_PORT, SPARK_HISTORY_PORT, GRAFANA_PORT, PROMETHEUS_PORT: "
            "allowed are 5 different ports",
        ),
        (
            "PIPELINE_LISTENING_STOP_QUALITY_SCORE=96",
            "PIPELINE_LISTENING_STOP_QUALITY_SCORE: found 96, allowed is no more than "
            "PIPELINE_LISTENING_MINIMUM_QUALITY_SCORE, which is 95",
        ),
    ],
)
def test_bad_value_error_says_what_is_allowed(file: Path, line: str, message: str) -> None:
    assert faults(changed(file, line)) == [message]


def test_container_too_small_for_its_jvm_is_reported(file: Path) -> None:
    changed(file, "SCHEDULER_MEMORY_LIMIT=512m", "SPARK_DRIVER_MEMORY=8g", "SPARK_EXECUTOR_MEMORY=8g")
    assert faults(file) == [
        "SCHEDULER_MEMORY_LIMIT: found 512m, allowed is 896m or more: the tasks run there",
        "SPARK_CONNECT_MEMORY_LIMIT: found 1216m, allowed is 8640m or more: the driver of all jobs runs there",
        "SPARK_WORKER_MEMORY_LIMIT: found 1664m, allowed is 8832m or more: the executors run there",
    ]


def test_example_fits_8_gib_and_misfits_are_reported(file: Path) -> None:
    assert misfits(read(file), cpus=4, memory=8192) == []
    few, little = misfits(read(file), cpus=1, memory=4096)
    assert few == "it has 1 CPUs, a container may take 2; Docker refuses that"
    assert re.fullmatch(r"it has 4096 MiB, all containers together may take \d+ MiB; lower a _MEMORY_LIMIT", little)


def test_file_check_ignores_the_processs_own_settings(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_LISTENING_STOP_QUALITY_SCORE", "high")
    before = dict(os.environ)
    read(changed(file, "PIPELINE_DATA_DOCS_RUNS=7"))
    assert dict(os.environ) == before


def test_missing_file_error_says_how_to_make_it(tmp_path: Path) -> None:
    assert faults(tmp_path / "none") == [f"{tmp_path / 'none'} is not there; make it with: make env"]
