"""One run at a time writes a log, whichever process and clone it comes from."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spark_jobs.lake import lock
from spark_jobs.lake.catalog import LakeCatalog
from spark_jobs.lake.errors import LockedError
from tests.commands import started
from tests.conftest import PROJECT

LOG = "listening"
TAKE = """
import sys, time
from spark_jobs.lake import lock
from spark_jobs.lake.catalog import LakeCatalog
from spark_jobs.lake.errors import LockedError
time.sleep(max(0, float(sys.argv[3]) - time.time()))
with LakeCatalog(sys.argv[1]).open() as catalog:
    try:
        lock.take(catalog, "listening", sys.argv[2])
        print("taken")
    except LockedError:
        print("refused")
"""


@pytest.fixture
def lake(tmp_path) -> LakeCatalog:
    return LakeCatalog(str(tmp_path / "lake"))


def test_second_run_is_refused(lake: LakeCatalog) -> None:
    with lake.open() as catalog:
        lock.take(catalog, "listening", "first")

        said = "written by the run first, since .* unlock LOG=listening RUN_ID=first LAKE="
        with pytest.raises(LockedError, match=said):
            lock.take(catalog, "listening", "second")
        assert lock.holder(catalog, "listening").run_id == "first"


def test_retry_of_a_run_keeps_lock(lake: LakeCatalog) -> None:
    with lake.open() as catalog:
        lock.take(catalog, "listening", "first")
        since = lock.holder(catalog, "listening")

        lock.take(catalog, "listening", "first")

        assert lock.holder(catalog, "listening") == since


def test_released_lock_is_free(lake: LakeCatalog) -> None:
    with lake.open() as catalog:
        lock.take(catalog, "listening", "first")

        assert lock.release(catalog, "listening", "first")
        lock.take(catalog, "listening", "second")
        assert not lock.release(catalog, "listening", "first")

        assert lock.holder(catalog, "listening").run_id == "second"


def test_logs_have_each_a_lock(lake: LakeCatalog) -> None:
    with lake.open() as catalog:
        lock.take(catalog, "listening", "first")
        lock.take(catalog, "shop", "second")

        assert lock.holder(catalog, "shop").run_id == "second"
        assert lock.holder(catalog, "calls") is None


def test_person_releases_lock_of_dead_run(lake: LakeCatalog) -> None:
    def unlock(run_id: str) -> str:
        command = started("cli unlock", LOG=LOG, RUN_ID=run_id, LAKE=lake.root)
        return subprocess.run(**command, cwd=PROJECT, capture_output=True, text=True, check=False).stdout

    with lake.open() as catalog:
        lock.take(catalog, "listening", "dead")
        assert (
            unlock("another") == "Not released: found the run 'another', which holds no lock of listening; dead does\n"
        )
        assert lock.holder(catalog, "listening").run_id == "dead"

        assert unlock("dead") == "Released: runs may write listening again.\n"

        assert lock.holder(catalog, "listening") is None
    assert unlock("dead") == "Not released: found the run 'dead', which holds no lock of listening; nobody does\n"


def test_printed_command_releases_lock_of_killed_run(tmp_path: Path) -> None:
    lake = LakeCatalog(str(tmp_path / "a lake's $place"))
    die = "os.kill(os.getpid(), signal.SIGKILL)"
    taken = [sys.executable, "-c", f"import os, signal\n{TAKE}\n{die}", lake.root, "make run of a clone", "0"]
    assert subprocess.run(taken, cwd=PROJECT, check=False).returncode == -signal.SIGKILL
    with lake.open() as catalog:
        with pytest.raises(LockedError, match="written by the run make run of a clone") as refused:
            lock.take(catalog, "listening", "second")
        command = re.search(r"release its lock: make (unlock .*)$", str(refused.value))[1]
        # The installation is that of the tests, however old its mark is.
        subprocess.run(["bash", "-c", f"make --old-file=.venv/runtime {command}"], cwd=PROJECT, check=True)
        lock.take(catalog, "listening", "second")


def test_one_of_many_processes_takes_lock(lake: LakeCatalog) -> None:
    # All of them make the catalog, too.
    begin = str(time.time() + 4)
    commands = [[sys.executable, "-c", TAKE, lake.root, f"run {number}", begin] for number in range(4)]
    processes = [subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) for command in commands]

    said = sorted(process.communicate()[0].strip() for process in processes)

    assert said == ["refused", "refused", "refused", "taken"]
