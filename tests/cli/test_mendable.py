"""Every command that opens a lake reports a fault the user can mend in one line. Other faults keep a traceback."""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from pyiceberg.exceptions import CommitFailedException

from cli.mendable import told_in_a_line
from cli.stopping import STOP_SIGNALS
from spark_jobs.lake.catalog import SETTING, LakeCatalog
from spark_jobs.lake.errors import ClockError
from spark_jobs.shared.lake import Lake
from tests.catalog_server import PLANTED, catalog_server

COMMANDS = {
    "query": ("SQL=SELECT 1",),
    "rejected": ("RUN_DATE=2009-05-04",),
    "publish": ("RUN_DATE=2009-05-04", "REASON=why"),
    "maintain": (),
    "unlock": ("RUN_ID=a run",),
    "run_pipeline": (),
}
Say = Callable[..., str]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lake: Lake) -> Iterator[Say]:
    handlers = {number: signal.getsignal(number) for number in STOP_SIGNALS}

    def say(command: str, *words: str) -> str:
        """Return the one line that a command ends with."""
        monkeypatch.setattr(sys, "argv", [command, f"LAKE={lake.root}", *words])
        with pytest.raises(SystemExit, match="^1$"):
            import_module(f"cli.{command}").main()
        (line,) = "".join(capsys.readouterr()).splitlines()
        return line

    yield say
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("rejected", "publish", "run_pipeline")])
def test_damaged_database_is_said(command: str, say: Say, lake: Lake) -> None:
    Path(lake.root).mkdir()
    (Path(lake.root) / "catalog.db").write_text("no database" * 1000)
    assert "(file is not a database); see that <lake>/catalog.db is yours" in say(command, *COMMANDS[command])


@pytest.mark.parametrize("command", ["query", "maintain", "unlock", "run_pipeline"])
def test_stopped_database_is_said(command: str, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, "postgresql://lake@127.0.0.1:1/lake")
    said = say(command, *COMMANDS[command])
    assert "port 1 failed: Connection refused); see that the PostgreSQL of PIPELINE_CATALOG runs" in said


@pytest.mark.stack
def test_wrong_password_is_said(say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with catalog_server(tmp_path) as environment:
        wrong = tmp_path / "wrong"
        wrong.write_text((tmp_path / "pgpass").read_text().replace(PLANTED, "not-it"))
        wrong.chmod(0o600)
        for name, value in (environment | {"PGPASSFILE": str(wrong)}).items():
            monkeypatch.setenv(name, value)
        said = say("query", *COMMANDS["query"])
    assert "password authentication failed" in said
    assert "the file of PGPASSFILE, or ~/.pgpass, has its password" in said
    assert "not-it" not in said


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("address", ["postgres", "postgresql://etl:planted@db:port/lake"])
def test_malformed_address_is_said(command: str, address: str, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, address)
    said = say(command, *COMMANDS[command])
    assert said.endswith(f"{SETTING}: found another address, allowed is postgresql://user@host:5432/database")


def test_silent_server_is_not_waited_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"postgresql://lake@127.0.0.1:{silent.getsockname()[1]}/lake"
        started = time.monotonic()
        with pytest.raises(Exception, match="timeout expired"), LakeCatalog(str(tmp_path), address).open():
            pass
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ClockError("set the clock"), "Not done: set the clock\n"),
        (CommitFailedException("moved"), "Not done: other writers of the table were faster each time (moved); try"),
        (ValueError(": org.postgresql.util.PSQLException: gone\n\tat a.b(C)"), "Not done: PSQLException: gone\n"),
    ],
)
def test_other_error_is_said(error: Exception, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="^1$"), told_in_a_line("Not done"):
        raise error
    assert capsys.readouterr().out.startswith(said)


def test_error_of_ours_keeps_its_traceback() -> None:
    with pytest.raises(KeyError), told_in_a_line("Not done"):
        raise KeyError("rows")
