"""A connection to a Connect server makes `spark-submit --remote` of a job, any other host `--master`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import Connection

from include.deployment.local_spark import warm
from include.deployment.spark_connect import ConnectSession, session_of, session_settings
from plugins.spark_submit_hook import ConnectSubmitHook

SERVER = Connection(conn_id="spark_default", **{**warm(15002, 15003), "extra": json.dumps(warm(15002, 15003)["extra"])})
START = datetime(2026, 11, 29, tzinfo=UTC)


def context(**changed: Any) -> Any:
    ti = {"dag_id": "listening", "run_id": "run 1", "task_id": "ranking", "map_index": -1, "try_number": 2}
    run = SimpleNamespace(start_date=changed.pop("start_date", START))
    return {"ti": SimpleNamespace(**{**ti, **changed}), "dag_run": run}


def test_command_names_server_and_no_master(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", json.dumps(warm(15002, 15003)))
    hook = ConnectSubmitHook("sc://localhost:15002/;session_id=1", {}, conn_id="spark_default", application_args=["a"])
    command = hook._build_spark_submit_command("job.py")
    assert command[:5] == [
        "spark-submit",
        "--remote",
        "sc://localhost:15002/;session_id=1",
        "--conf",
        "spark.api.mode=connect",
    ]
    assert "--master" not in command
    assert command[-2:] == ["job.py", "a"]


def test_session_is_the_same_whoever_asks() -> None:
    assert session_of(SERVER, context()) == session_of(SERVER, context())


@pytest.mark.parametrize(
    "changed",
    [
        {"try_number": 3},
        {"task_id": "check_top_songs"},
        {"run_id": "run 2"},
        {"dag_id": "shop"},
        {"map_index": 1},
        {"start_date": datetime(2026, 11, 30, tzinfo=UTC)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_session_of_another_try_is_another(changed: dict[str, Any]) -> None:
    one, other = session_of(SERVER, context()), session_of(SERVER, context(**changed))
    assert one is not None
    assert other is not None
    assert one.id != other.id


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        ("sc://localhost", 15002, "sc://localhost:15002/;user_id=pipeline;session_id="),
        ("sc://spark:443/;use_ssl=true", None, "sc://spark:443/;use_ssl=true;user_id=pipeline;session_id="),
        ("sc://spark/;use_ssl=true", 443, "sc://spark:443/;use_ssl=true;user_id=pipeline;session_id="),
    ],
)
def test_url_keeps_what_the_connection_says(host: str, port: int | None, url: str) -> None:
    session = session_of(Connection(conn_id="spark_default", conn_type="spark", host=host, port=port), context())
    assert session is not None
    assert session.url == f"{url}{session.id}"


@pytest.mark.parametrize("host", ["local[*]", "spark://master:7077", "yarn", ""])
def test_any_other_spark_has_no_session(host: str) -> None:
    connection = Connection(conn_id="spark_default", conn_type="spark", host=host)
    assert session_of(connection, context()) is None


def test_session_takes_settings_of_sql_alone() -> None:
    extra = {"spark.sql.shuffle.partitions": 4, "spark.driver.memory": "9g", "spark-ui": "http://127.0.0.1:1"}
    connection = Connection(conn_id="spark_default", conn_type="spark", host="sc://localhost", extra=json.dumps(extra))
    assert session_settings(connection) == {"spark.sql.shuffle.partitions": "4"}
    session = session_of(connection, context())
    assert isinstance(session, ConnectSession)
    assert session.ui == "http://127.0.0.1:1"
