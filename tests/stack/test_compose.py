"""docker-compose.yaml and the Dockerfile, as we read them and, where there are such tools, as their own tools do."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli import settings_file
from cli.environment import airflow_environment
from cli.spark_server import SPARK
from include.deployment.local_spark import warm
from include.deployment.spark_connect import TOKEN
from include.notify import alerts
from plugins import run_alerts
from spark_jobs.shared import masking
from tests.conftest import PROJECT
from tests.stack import compose
from tests.stack.places import Places
from tests.stack.tools import COMPOSE, HADOLINT, carried_by


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / ".env"
    settings_file.make(
        file, {"PIPELINE_LISTENING_STOP_QUALITY_SCORE": "80", "PIPELINE_LISTENING_USER_ID_PATTERN": r"^u\d$"}
    )
    return file


def by_compose(file: Path) -> dict[str, Any]:
    done = config(file)
    assert done.returncode == 0, done.stderr
    # It prints what is a Compose file again.
    return yaml.safe_load(done.stdout.replace("$$", "$"))["services"]


def config(file: Path) -> subprocess.CompletedProcess[str]:
    options = ["--env-file", str(file), "--file", str(compose.FILE), "--profile", "watch"]
    # A variable of the shell would hold over the file's.
    environment = {"PATH": os.environ["PATH"]}
    command = [carried_by(*COMPOSE), *options, "config"]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


def test_compose_itself_reads_the_services_as_we_do(file: Path) -> None:
    services = compose.services(settings_file.variables(file))
    theirs = {
        name: compose.Service(
            command=one.get("command", []),
            environment={key: value for key, value in one.get("environment", {}).items() if value is not None},
            replicas=one.get("deploy", {}).get("replicas", 1),
        )
        for name, one in by_compose(file).items()
    }
    assert services == theirs
    assert services["scheduler"].environment["PIPELINE_LISTENING_STOP_QUALITY_SCORE"] == "80"
    assert services["spark-worker"].replicas == 2


def test_containers_are_limited_restarted_checked_and_local(
    file: Path,
) -> None:
    services = by_compose(file)
    ports = [
        port if isinstance(port, str) else port["host_ip"] for one in services.values() for port in one.get("ports", [])
    ]
    assert [port.partition(":")[0] for port in ports] == ["127.0.0.1"] * 5
    del services["airflow-init"]
    for name, one in services.items():
        assert one["restart"] == "unless-stopped", name
        assert one["deploy"]["resources"]["limits"].keys() == {"memory", "cpus"}, name
        assert one["healthcheck"]["test"][0] == "CMD", name


def test_dag_processor_has_time_to_send_alerts(file: Path, tmp_path: Path) -> None:
    in_a_container = compose.services(settings_file.variables(file))["dag-processor"].environment
    in_a_clone = airflow_environment(tmp_path, tmp_path, tmp_path, "log.tsv")
    for environment in (in_a_container, in_a_clone):
        limit = int(environment["AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT"])
        # Beside both waits it imports the DAG, and asks an API that may be slow.
        assert limit >= run_alerts.MARK_SECONDS + alerts.SEND_SECONDS + 60


def test_without_a_secret_compose_does_not_start(file: Path) -> None:
    for secret in settings_file.FRESH:
        cut = file.with_name("cut")
        cut.write_text("".join(line for line in file.read_text().splitlines(True) if not line.startswith(secret)))
        done = config(cut)
        assert done.returncode != 0
        assert "set it in .env, see .env.example" in done.stderr


def test_no_service_is_asked_through_a_proxy(file: Path) -> None:
    variables = settings_file.variables(file)
    for given, last in ((variables, ""), ({**variables, "NO_PROXY": "a.b"}, "a.b")):
        services = compose.services(given)
        # All but the three of others, which start nothing of ours, and two that ask nobody.
        for name in services.keys() - {"postgres", "driver-host", "statsd-exporter", "prometheus", "grafana"}:
            environment = services[name].environment
            hosts = environment["no_proxy"].split(",")
            # Nobody asks these by their names.
            unasked = {"airflow-init", "dag-processor", "triggerer", "scheduler", "spark-connect"}
            assert {"127.0.0.1", "localhost", "::1", *services} - unasked <= {*hosts}
            assert (environment["NO_PROXY"], hosts[-1]) == (environment["no_proxy"], last)


def test_stack_may_lie_below_a_quote(file: Path) -> None:
    options = compose.services(settings_file.variables(file))["spark-history"].environment["SPARK_HISTORY_OPTS"]
    here = Places(Path("/srv/ann's 5%b"), Path("/in"), settings_file.read(file)).here(options)
    assert "-Dspark.history.fs.logDirectory=/srv/ann's 5%b/lake/spark_events" in shlex.split(here)


def volumes() -> dict[str, list[str]]:
    """Which volumes each service has, and where."""
    described = yaml.safe_load(compose.FILE.read_text(encoding="utf-8"))["services"]
    return {name: one.get("volumes", []) for name, one in described.items()}


def test_lake_is_at_one_path_in_every_container() -> None:
    places = {mount.split(":")[1] for mounts in volumes().values() for mount in mounts if mount.startswith("lake:")}
    assert places == {"/opt/airflow/lake"}


def test_password_of_catalog_is_where_it_is_needed(file: Path, tmp_path: Path) -> None:
    has_it = {name for name, mounts in volumes().items() if any("/opt/airflow/secrets" in mount for mount in mounts)}
    assert has_it == {"airflow-init", "api-server", "scheduler", "spark-connect"}

    services = compose.services(settings_file.variables(file))
    environment = services["scheduler"].environment
    places = Places(tmp_path, tmp_path, settings_file.read(file))
    for name in ("scheduler", "spark-connect"):
        assert places.here(services[name].environment["PGPASSFILE"]) == str(tmp_path / "secrets" / "pgpass")
    catalog = f"postgresql://lake@127.0.0.1:{places.database_port}/lake"
    assert places.here(environment["PIPELINE_CATALOG"]) == catalog


def test_spark_token_is_for_scheduler_and_server_alone(file: Path) -> None:
    token = settings_file.variables(file)["SPARK_CONNECT_TOKEN"]
    services = compose.services(settings_file.variables(file))
    have_it = {name: one for name, one in services.items() if token in one.environment.values()}
    assert have_it.keys() == {"scheduler", "spark-connect"}
    assert all(one.environment[TOKEN] == token and token not in str(one.command) for one in have_it.values())


def test_masking_key_is_for_spark_alone(tmp_path: Path) -> None:
    file, key = tmp_path / ".env", "planted" * 5
    settings_file.make(file, {masking.KEY: key, masking.KEY_ID: "2"})
    settings_file.read(file)
    services = compose.services(settings_file.variables(file))
    have_it = {name: one for name, one in services.items() if masking.KEY in one.environment}
    assert have_it.keys() == {"spark-connect", "spark-worker"}
    assert {(one.environment[masking.KEY], one.environment[masking.KEY_ID]) for one in have_it.values()} == {(key, "2")}
    assert not any(key in str(one.command) for one in services.values())


def test_tasks_reach_their_spark_at_localhost(file: Path) -> None:
    described, services = by_compose(file), compose.services(settings_file.variables(file))
    networks = {described[name]["network_mode"] for name in ("scheduler", "spark-connect")}
    assert networks == {"service:driver-host"}
    command = services["spark-connect"].command
    port, ui_port = (int(command[command.index(option) + 1]) for option in ("--port", "--ui-port"))
    connection = json.loads(services["scheduler"].environment["AIRFLOW_CONN_SPARK_DEFAULT"])
    assert connection == warm(port, ui_port)
    assert f"--conf=spark.app.name={SPARK}" in command


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    done = subprocess.run([carried_by(*HADOLINT), PROJECT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_unset_or_unsupported_variable_syntax_is_refused() -> None:
    with pytest.raises(compose.ComposeError, match="PORT: not set"):
        compose.filled("${PORT:?set it}", {"PORT": ""})
    with pytest.raises(compose.ComposeError, match="understood are only"):
        compose.filled("$PORT", {"PORT": "1"})


def test_a_value_is_put_in_as_it_stands() -> None:
    assert compose.filled(["a ${A}", 3, None], {"A": r"\1 ${B} $"}) == [r"a \1 ${B} $", 3, None]
