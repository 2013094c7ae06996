"""Our Airflow gets only some variables of the caller's shell."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from cli.environment import PlaceError, airflow_environment, check_places, foreign_settings, past_proxies
from tests.commands import started
from tests.conftest import PROJECT

Made = Callable[[], dict[str, str]]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return lambda: airflow_environment(tmp_path / "airflow", tmp_path / "lake", tmp_path, "log.tsv")


def test_settings_of_another_airflow_are_left_aside(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = {
        "AIRFLOW_HOME": "/theirs",
        "AIRFLOW_CONFIG": "/theirs/airflow.cfg",
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": "Pacific/Kiritimati",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD": "cat /theirs",
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
    }
    for name, value in foreign.items():
        monkeypatch.setenv(name, value)
    found = made()
    assert foreign_settings(found) == sorted(foreign)
    assert not {name for name, value in foreign.items() if found.get(name) == value}
    assert found["AIRFLOW__CORE__DEFAULT_TIMEZONE"] == "utc"


@pytest.mark.parametrize(
    ("lake", "input_path"), [("s3://music/lake", "/in/log.tsv"), ("/lake", "s3a://music/log.tsv"), ("/lake", "log.tsv")]
)
def test_place_in_object_store_is_passed_unchanged(tmp_path: Path, lake: str, input_path: str) -> None:
    found = airflow_environment(tmp_path, lake, "/", input_path)

    assert (found["PIPELINE_LAKE"], found["PIPELINE_INPUT_ROOT"]) == (lake, "/")


def test_link_to_the_lake_is_not_resolved(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "lake").symlink_to("disk")

    found = airflow_environment(tmp_path, tmp_path / "lake", "/", "log.tsv")

    assert found["PIPELINE_LAKE"] == str(tmp_path / "lake")


@pytest.mark.parametrize(
    "name", ["AIRFLOW_CONN_HOOK", "AIRFLOW_VAR_X", "AIRFLOW__METRICS__STATSD_ON", "PIPELINE_LISTENING_LOAD"]
)
def test_connections_metrics_and_ours_hold(made: Made, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "theirs")
    assert made()[name] == "theirs"
    assert name not in foreign_settings(made())


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        (None, None, "127.0.0.1,localhost,::1"),
        ("a.example, .b", None, "a.example,.b,127.0.0.1,localhost,::1"),
        (None, "10.0.0.0/8,localhost", "10.0.0.0/8,localhost,127.0.0.1,::1"),
        ("a", "b", "a,b,127.0.0.1,localhost,::1"),
        ("a,*", None, "*"),
    ],
)
def test_loopback_joins_the_callers_hosts(
    monkeypatch: pytest.MonkeyPatch, lower: str | None, upper: str | None, expected: str
) -> None:
    for name, value in (("no_proxy", lower), ("NO_PROXY", upper)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert past_proxies() == {"no_proxy": expected, "NO_PROXY": expected}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_airflows_client_asks_loopback_itself(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:9")
    for name, value in past_proxies().items():
        monkeypatch.setenv(name, value)
    # The closed port itself refuses; a proxy would not be found.
    with pytest.raises(httpx.ConnectError, match="refused|assign"):
        httpx.get(f"http://{host}:9/")


@pytest.mark.parametrize("name", ["a:b", "a?b", "a$HOME", "a%(x)s"])
def test_path_that_airflow_misreads_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PlaceError, match="would be misread by Airflow; allowed is a path without"):
        check_places(tmp_path / name)


@pytest.mark.parametrize("name", ["run", "ui"])
def test_refused_home_writes_nothing(tmp_path: Path, name: str) -> None:
    given = {"PIPELINE_AIRFLOW_HOME": str(tmp_path / "a?b"), "LAKE": str(tmp_path / "lake")}
    command = started(f"cli {name}", **given)
    done = subprocess.run(**command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stdout.splitlines()), done.stderr) == (1, 1, "")
    assert list(tmp_path.iterdir()) == []
