"""Airflow's real API server in this process, our plugin in it: a database of its own, a login for each role."""

from __future__ import annotations

import json
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from cli import ui
from tests.conftest import PROJECT

# The last has a login and may see nothing.
ROLES = {"ada": "admin", "vic": "viewer", "nobody": ""}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str


class Client:
    """Asks as a browser does, with the cookie of a login, and leaves the path as it is written."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.tokens = {user: self._log_in(user) for user in ROLES}

    def get(self, path: str, user: str | None = "vic", method: str = "GET") -> Answer:
        cookie = {"Cookie": f"_token={self.tokens[user]}"} if user else {}
        return self._ask(method, path, None, cookie)

    def _log_in(self, user: str) -> str:
        login = json.dumps({"username": user, "password": user})
        answer = self._ask("POST", "/auth/token", login, {"Content-Type": "application/json"})
        return json.loads(answer.text)["access_token"]

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        connection.close()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, text)


@contextmanager
def airflow_app(home: Path) -> Iterator[Client]:
    """Serve it on a free port; `home` is for database and passwords."""
    (home / "passwords.json").write_text(json.dumps({user: user for user in ROLES}))
    with pytest.MonkeyPatch.context() as patch, socket.socket() as listening:
        for name, value in ui.ui_environment(0, home).items():
            patch.setenv(name, value)
        users = ",".join(f"{user}:{role}" for user, role in ROLES.items())
        patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", users)
        patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(home / "passwords.json"))
        patch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", secrets.token_hex(64))
        patch.setattr("airflow.settings.PLUGINS_FOLDER", str(PROJECT / "plugins"))
        listening.bind(("127.0.0.1", 0))
        with _serving(_app(), listening):
            yield Client(listening.getsockname()[1])


def _app() -> Any:
    from airflow import plugins_manager
    from airflow.api_fastapi.app import create_app
    from airflow.utils.db import initdb

    initdb()
    plugins_manager._get_plugins.cache_clear()
    plugins_manager.get_fastapi_plugins.cache_clear()
    # Without what running tasks report to.
    return create_app("core")


@contextmanager
def _serving(app: Any, listening: socket.socket) -> Iterator[None]:
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.05)
        yield
    finally:
        server.should_exit = True
        thread.join()
