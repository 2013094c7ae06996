from __future__ import annotations

import pytest

from cli.spark_server import CONNECTION, new_server
from include.deployment.spark_connect import TOKEN


def test_callers_spark_keeps_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CONNECTION, raising=False)
    server = new_server()
    assert server.exports == {TOKEN: server.token}
    monkeypatch.setenv(CONNECTION, '{"conn_type": "spark", "host": "sc://localhost:15002"}')
    assert server.exports == {}
