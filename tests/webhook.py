"""A webhook on this machine, for the alerts to reach."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN, PASSWORD = "T0ken-planted-99", "Passw0rd-planted"


class Webhook(ThreadingHTTPServer):
    """Keeps what it is told in `got`, in order, and answers with `status`."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.status = 200
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def address(self) -> str:
        """Its address as Apprise wants it, with a token in the path and a password."""
        return f"json://me:{PASSWORD}@127.0.0.1:{self.server_port}/hook/{TOKEN}"


class _Handler(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path == f"/hook/{TOKEN}"
        self.server.got.append(json.loads(body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def webhook() -> Iterator[Webhook]:
    """Serve until the end of the block; after it the address is dead."""
    with Webhook() as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield server
        finally:
            server.shutdown()
            serving.join()


def connection(*addresses: str) -> str:
    """The Airflow connection, as an environment variable holds it, to these services."""
    config = [{"path": address} for address in addresses]
    return json.dumps({"conn_type": "apprise", "extra": {"config": config if len(config) > 1 else config[0]}})
