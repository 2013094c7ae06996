"""The shop's rules over Spark Connect, with a masking key in the server's environment: it shows nowhere."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.conftest import PROJECT
from tests.connect_server import ConnectServer, connect_server
from tests.spark_jobs.logs.shop.records import line_with
from tests.warm_server import signature

KEY = "a planted key, which is longer than the 64 bytes of one block of SHA-256"
LINES = {
    "spaces and capitals": line_with("events", search_query=" \u3000RED Shoes\u00a0"),
    "normal": line_with("events", search_query="red shoes"),
    "rejected": line_with("events", event_type="none"),
    "rejected, of a wrong type": line_with("events", event_type="none", ip_address=["192.0.2.1"]),
    "no JSON": b"no JSON",
}
PAGES = ("jobs", "stages", "storage", "environment", "executors", "SQL", "connect")


@dataclass(frozen=True)
class Answer:
    """The columns by line, and all that Spark tells of its work: plan, pages of its UI, event log, its own log."""

    rows: dict[str, dict[str, Any]]
    told: dict[str, str]


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Answer:
    scratch = tmp_path_factory.mktemp("connect")
    events = scratch / "events"
    events.mkdir()
    log = {"spark.eventLog.enabled": "true", "spark.eventLog.compress": "false", "spark.eventLog.dir": events.as_uri()}
    variables = {"PIPELINE_MASKING_KEY": KEY, "PIPELINE_MASKING_KEY_ID": "k2"}
    with connect_server(scratch, log, variables) as server:
        done = subprocess.run(
            [sys.executable, "-m", "tests.spark_jobs.logs.shop.masked_over_connect"],
            cwd=PROJECT,
            env=server.client_environment,
            input=json.dumps([line.hex() for line in LINES.values()]),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told = pages(server)
    found = json.loads(done.stdout)
    told |= {str(path): path.read_text() for path in (*events.rglob("*"), scratch / "log") if path.is_file()}
    return Answer(dict(zip(LINES, found["rows"], strict=True)), told | {"plan": found["plan"], "client": done.stderr})


def pages(server: ConnectServer) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {signature(server.token)}"}

    def read(path: str) -> str:
        request = Request(f"{server.ui}/{path}", headers=headers)  # noqa: S310  (an address of ours)
        with urlopen(request) as response:  # noqa: S310
            return response.read().decode()

    application = json.loads(read("api/v1/applications"))[0]["id"]
    queries = f"api/v1/applications/{application}/sql?details=true&planDescription=true"
    ids = [query["id"] for query in json.loads(read(queries))]
    assert ids
    paths = [f"{page}/" for page in PAGES] + [f"SQL/execution/?id={one}" for one in ids]
    return {path: read(path) for path in (*paths, queries)}


def masked(text: str | bytes) -> str:
    """Return what is kept of a value."""
    content = text if isinstance(text, bytes) else text.encode()
    return f"k2:{hmac.new(KEY.encode(), content, hashlib.sha256).hexdigest()}"


def test_sensitive_value_is_hmac_of_its_normal_form(answer: Answer) -> None:
    for name in ("spaces and capitals", "normal"):
        assert answer.rows[name]["search_query"] == masked("red shoes")
        assert answer.rows[name]["ip_address"] == masked("192.0.2.1")


def test_row_key_is_of_the_value_before_masking(answer: Answer) -> None:
    assert answer.rows["normal"]["row_key"] != answer.rows["spaces and capitals"]["row_key"]
    assert answer.rows["normal"]["sensitive_key"] is None


def test_rejected_record_is_kept_masked(answer: Answer) -> None:
    for name, address in (("rejected", "192.0.2.1"), ("rejected, of a wrong type", '["192.0.2.1"]')):
        kept = json.loads(answer.rows[name]["kept"]["line"])
        hidden = {"search_query": masked("red shoes"), "ip_address": masked(address)}
        assert kept == json.loads(LINES[name]) | hidden


def test_unparsable_line_keeps_its_hmac(answer: Answer) -> None:
    assert answer.rows["no JSON"]["kept"] == {"line": None, "length": 7, "hmac": masked(b"no JSON")}


def test_key_shows_nowhere(answer: Answer) -> None:
    key = KEY.encode()
    spelled = [KEY, key.hex(), key.hex().upper(), base64.b64encode(key).decode()[:40], hashlib.sha256(key).hexdigest()]
    assert [(where, text) for where, told in answer.told.items() for text in spelled if text in told] == []
    # The pages are of the query that used it, and the event log is no empty one.
    assert [where for where, told in answer.told.items() if "PIPELINE_MASKING_KEY" in told]
