"""Every command that opens a lake reports a fault the user can mend in one line. Other faults keep a traceback."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyiceberg.exceptions import CommitFailedException

from cli.__main__ import COMMANDS
from cli.errors import told_in_a_line
from cli.program import Commands, execute
from cli.stopping import STOP_SIGNALS
from spark_jobs.lake.catalog import SETTING, LakeCatalog
from spark_jobs.lake.errors import ClockError
from spark_jobs.shared.lake import Lake
from tests.catalog_server import PLANTED, catalog_server

OPTIONS = {
    "query": ("--sql=SELECT 1",),
    "rejected": ("--run-date=2009-05-04",),
    "publish": ("--run-date=2009-05-04", "--reason=why"),
    "maintain": (),
    "unlock": ("--run-id=a run",),
    "run": (),
}
Say = Callable[..., str]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], lake: Lake) -> Iterator[Say]:
    handlers = {number: signal.getsignal(number) for number in STOP_SIGNALS}

    def say(command: str, *options: str) -> str:
        """Return the one line that a command ends with."""
        with pytest.raises(SystemExit, match="^1$"):
            execute(Commands(COMMANDS, ""), "cli", [command, f"--lake={lake.root}", *options])
        (line,) = "".join(capsys.readouterr()).splitlines()
        return line

    yield say
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("command", [name for name in OPTIONS if name not in ("rejected", "publish", "run")])
def test_damaged_database_is_said(command: str, say: Say, lake: Lake) -> None:
    Path(lake.root).mkdir()
    (Path(lake.root) / "catalog.db").write_text("no database" * 1000)
    assert "(file is not a database); see that <lake>/catalog.db is yours" in say(command, *OPTIONS[command])


@pytest.mark.parametrize("command", ["query", "maintain", "unlock", "run"])
def test_stopped_database_is_said(command: str, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, "postgresql://lake@127.0.0.1:1/lake")
    said = say(command, *OPTIONS[command])
    assert "port 1 failed: Connection refused); see that the PostgreSQL of PIPELINE_CATALOG runs" in said


@pytest.mark.stack
def test_wrong_password_is_said(say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with catalog_server(tmp_path) as environment:
        wrong = tmp_path / "wrong"
        wrong.write_text((tmp_path / "pgpass").read_text().replace(PLANTED, "not-it"))
        wrong.chmod(0o600)
        for name, value in (environment | {"PGPASSFILE": str(wrong)}).items():
            monkeypatch.setenv(name, value)
        said = say("query", *OPTIONS["query"])
    assert "password authentication failed" in said
    assert "the file of PGPASSFILE, or ~/.pgpass, has its password" in said
    assert "not-it" not in said


@pytest.mark.parametrize("command", OPTIONS)
@pytest.mark.parametrize("address", ["postgres", "postgresql://etl:planted@db:port/lake"])
def test_malformed_address_is_said(command: str, address: str, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, address)
    said = say(command, *OPTIONS[command])
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
