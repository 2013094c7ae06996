"""A PostgreSQL with the catalog that stops while a run is published: a retry completes it when it is back."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path

import pytest

from include.runs.publishing import publish_run
from spark_jobs.lake.catalog import SETTING
from spark_jobs.shared.lake import Lake
from tests.faults.processes import wait_for
from tests.faults.test_killed_publication import a_run, ask, is_complete, is_whole, mains, publisher
from tests.stack import postgres
from tests.stack.running import open_directory
from tests.stack.spark_cluster import free_port

DAY, OWNER, PASSWORD = date(2009, 5, 5), "lake", "of the catalog"
Server = Callable[[], AbstractContextManager[subprocess.Popen[bytes]]]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Return a function that starts the server of the catalog; each call starts it again."""
    port, passwords = free_port(), tmp_path / "pgpass"
    passwords.write_text(f"127.0.0.1:{port}:{OWNER}:{OWNER}:{PASSWORD}\n", encoding="utf-8")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    monkeypatch.setenv(SETTING, f"postgresql://{OWNER}@127.0.0.1:{port}/{OWNER}")
    with open_directory() as scratch:
        data = scratch / "data"
        postgres.make_cluster(data, OWNER, PASSWORD)

        @contextmanager
        def started() -> Iterator[subprocess.Popen[bytes]]:
            command = postgres.command(data, port)
            running = subprocess.Popen(command, cwd=data, user=postgres.user(), stderr=subprocess.DEVNULL)
            try:
                wait_for(lambda: postgres.is_ready(port))
                yield running
            finally:
                running.terminate()
                running.wait()

        yield started


# Before a table has the tag, between two tables, before the answer has it, and when it is published.
@pytest.mark.parametrize("step", [2, 6, 10, 14])
def test_publication_whose_database_stops_is_completed(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    lake = Lake(str(tmp_path / "lake"), "listening")
    with server() as running:
        before = a_run(lake, DAY, "before")
        publish_run(lake, DAY, before.run_id, before.snapshots)
        run, mains_before = a_run(lake, DAY, "run"), mains(lake)
        monkeypatch.setenv("DATABASE_PID", str(running.pid))
        with publisher(lake) as process:
            ended = ask(process, run, step, "database stopped")
    assert (ended["code"], ended["reached"]) == (1, True), ended
    assert "OperationalError" in ended["said"]
    with server():
        assert is_whole(lake, run, before, mains_before)
        publish_run(lake, DAY, run.run_id, run.snapshots)
        assert is_complete(lake, run, is_latest=True)
