"""`make audit` against a local service that speaks OSV's protocol, and the bill of materials."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.conftest import PROJECT

VULNERABLE = {("jinja2", "2.4.1"), ("urllib3", "1.0")}
Call = Callable[..., subprocess.CompletedProcess[str]]


@contextmanager
def service(known: set[tuple[str, str]]) -> Iterator[str]:
    """A server that knows a vulnerability of each of these packages."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            package = asked["package"]
            is_known = (package["name"].lower(), asked["version"]) in known
            fault = {"id": "PYSEC-0-1", "details": "planted", "aliases": [], "affected": [{"package": package}]}
            body = json.dumps({"vulns": [fault]} if is_known else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


@pytest.fixture
def audit(tmp_path: Path) -> Call:
    def audit(url: str, pinned: str, *options: str) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "requirements.txt"
        file.write_text(pinned)
        command = [sys.executable, "-m", "cli.audit", f"--osv-url={url}", *options, str(file)]
        # On which nobody answers, and which is not to be asked for what is on this machine.
        environment = {**os.environ, "http_proxy": "http://127.0.0.1:9", "no_proxy": ""}
        return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)

    return audit


def test_vulnerable_dependency_fails_audit_and_is_named(audit: Call) -> None:
    with service(VULNERABLE) as url:
        found = audit(url, "idna==3.7\nurllib3==1.0\n")
        assert found.returncode == 1
        assert [line.split()[:3] for line in found.stdout.splitlines()[2:]] == [["urllib3", "1.0", "PYSEC-0-1"]]
        assert audit(url, "idna==3.7\n").returncode == 0


@pytest.mark.parametrize(("options", "code"), [((), 1), (("--if-reachable",), 0)])
def test_audit_without_network_says_nothing_was_audited(audit: Call, options: tuple[str, ...], code: int) -> None:
    said = audit("http://127.0.0.1:9/v1/query", "urllib3==1.0\n", *options)
    assert said.returncode == code
    assert said.stdout.startswith("Dependencies not audited: http://127.0.0.1:9/v1/query does not answer as it should")


def test_service_without_any_vulnerability_fails_the_audit(audit: Call) -> None:
    with service(set()) as url:
        said = audit(url, "urllib3==1.0\n")
    assert (said.returncode, "knows of no fault in jinja2 2.4.1" in said.stdout) == (1, True)
