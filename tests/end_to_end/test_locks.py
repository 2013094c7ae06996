"""A run with a secret planted wherever a deployment has one, on files whose names are commands."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.environment import airflow_environment
from include.deployment.local_spark import EMBEDDED
from include.sample_data.listening import generate_log
from spark_jobs.ranking.listeners import HEADER
from spark_jobs.shared.lake import Lake
from tests.commands import commands_noted
from tests.conftest import QUICK_JVM
from tests.docs.postgres import FERNET_KEY, postgres
from tests.logs import RUN_DATE
from tests.webhook import PASSWORD, TOKEN, connection, webhook

pytestmark = [pytest.mark.end_to_end, pytest.mark.operations]

# Some by names that neither Airflow nor its Spark provider nor Spark takes for a secret's.
SPARK_SECRETS = {
    "spark.hadoop.fs.s3a.access.key": "planted-s3-access-8",
    "spark.hadoop.fs.s3a.secret.key": "planted-s3-secret-1",
    "spark.hadoop.fs.s3a.session.token": "planted-s3-token-2",
    "spark.hadoop.fs.azure.account.key.lake.dfs.core.windows.net": "planted-azure-3",
    "spark.hadoop.fs.gs.auth.service.account.private.key": "planted-google-4",
}
DATABASE_PASSWORD, JWT_SECRET, API_SECRET = "planted-database-5", "planted-jwt-6" * 4, "planted-api-7"
SECRETS = [*SPARK_SECRETS.values(), DATABASE_PASSWORD, JWT_SECRET, API_SECRET, FERNET_KEY, TOKEN, PASSWORD]

LOG = "$(touch pwned) `touch pwned`; touch pwned --conf spark.planted=1 'a\" && --master yarn #%0a\\.tsv"
PROFILES = "--properties-file x $(touch pwned) {run_date} | touch pwned.tsv"


@dataclass(frozen=True)
class Done:
    """A run that has ended: what it said, where it was, its lake, its input root, the database as SQL, and commands."""

    process: subprocess.CompletedProcess[str]
    home: Path
    lake: Lake
    root: Path
    database: str
    alerts: list[dict[str, Any]]
    commands: set[str]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    home, root = tmp_path_factory.mktemp("locks"), tmp_path_factory.mktemp("input")
    size = ("--listens", "970", "--users", "6", "--seed", "7", "--score", "97", "--newest", f"{RUN_DATE}T22:00:00Z")
    generate_log.main([str(root / LOG), *size])
    (root / PROFILES.format(run_date=RUN_DATE)).write_text(f"{HEADER}\nuser_000001\tf\t22\tPeru\tAug 13, 2006\n")
    # Degraded, so that there is an alert.
    conf = {"input_path": LOG, "profiles_path": PROFILES, "minimum_quality_score": 99, "alternatives": False}
    extra = {**EMBEDDED["extra"], **SPARK_SECRETS, "spark.driver.extraJavaOptions": QUICK_JVM}
    environment = airflow_environment(home / "airflow", home / "lake", root, "log.tsv")
    with webhook() as hook, postgres(environment) as database:
        environment |= {
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database.url(DATABASE_PASSWORD),
            "AIRFLOW__CORE__FERNET_KEY": FERNET_KEY,
            "AIRFLOW__API_AUTH__JWT_SECRET": JWT_SECRET,
            "AIRFLOW__API__SECRET_KEY": API_SECRET,
            "AIRFLOW_CONN_SPARK_DEFAULT": json.dumps({**EMBEDDED, "extra": extra}),
            "AIRFLOW_CONN_APPRISE_DEFAULT": connection(hook.address),
        }
        run = f"airflow db migrate && airflow dags test listening {RUN_DATE} --conf"
        commands: set[str] = set()
        with commands_noted(commands):
            process = subprocess.run(
                ["bash", "-c", f'{run} "$0"', json.dumps(conf)],
                cwd=home,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
        dump = subprocess.run(
            ["pg_dump"], env={**os.environ, **database.access()}, capture_output=True, text=True, check=True
        )
        return Done(process, home, Lake(str(home / "lake"), "listening"), root, dump.stdout, hook.got, commands)


def test_run_uses_secrets_and_reads_oddly_named_files(done: Done) -> None:
    assert done.process.returncode == 0, done.process.stdout[-6000:]
    assert len(done.alerts) == 1
    assert any("SparkSubmit" in command for command in done.commands)
    quality, ranking = (
        json.loads(Path(done.lake.stage_record(stage, RUN_DATE)).read_bytes()) for stage in ("data_quality", "ranking")
    )
    assert quality["counts"]["records_read"] == 1000
    assert ranking["profiles"] == {"path": str(done.root / PROFILES.format(run_date=RUN_DATE)), "problem": None}


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_in_nothing_that_was_written(done: Done, secret: str) -> None:
    assert secret not in done.process.stdout
    assert secret not in done.database
    assert [command for command in done.commands if secret in command] == []
    files = [path for path in done.home.rglob("*") if path.is_file()]
    assert len(files) > 50
    assert [str(path) for path in files if secret.encode() in path.read_bytes()] == []
    # Neither is it in what is sent.
    assert secret not in json.dumps(done.alerts)


def test_file_names_never_become_commands_or_settings(done: Done) -> None:
    assert [path for place in (done.home, done.root) for path in place.rglob("pwned*")] == []
    logs = [path for path in Path(done.lake.spark_events()).iterdir() if path.name[0] != "."]
    assert len(logs) == 6
    for log in logs:
        events = (json.loads(line) for line in log.read_text(encoding="utf-8").splitlines())
        (properties,) = (one["Spark Properties"] for one in events if one["Event"] == "SparkListenerEnvironmentUpdate")
        assert "spark.planted" not in properties
        assert properties["spark.master"] == "local[*]"
        # As the connection has them: so Spark had the secrets, and hid them.
        assert {properties[name] for name in SPARK_SECRETS} == {"*********(redacted)"}
