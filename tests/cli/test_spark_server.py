from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from cli.environment import airflow_environment
from cli.services import Services
from cli.spark_server import CONNECTION, new_server
from include.deployment.spark_connect import TOKEN
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.masking import KEY


def test_callers_spark_keeps_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CONNECTION, raising=False)
    server = new_server()
    assert server.exports == {TOKEN: server.token}
    monkeypatch.setenv(CONNECTION, '{"conn_type": "spark", "host": "sc://localhost:15002"}')
    assert server.exports == {}


class Noted(Services):
    """Starts nothing, and notes what would be started."""

    def launch(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path, **options: Any
    ) -> None:
        self.command, self.environment = " ".join(command), environment


def test_server_has_callers_masking_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CONNECTION, raising=False)
    monkeypatch.setenv(KEY, "planted-masking-key-4711")
    environment = airflow_environment(tmp_path, tmp_path, tmp_path, "log", "shop")
    services = Noted()
    new_server().launch(services, environment, tmp_path / "spark.log", Lake(str(tmp_path / "lake"), "shop"))
    assert services.environment[KEY] == "planted-masking-key-4711"
    assert "planted" not in services.command
