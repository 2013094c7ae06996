"""`make maintain`: dates beyond those that are kept go, the others stay, and no run writes meanwhile."""

from __future__ import annotations

import signal
import subprocess
import time
from datetime import date

import pytest

from include.runs import run_lock
from spark_jobs.lake import lock
from spark_jobs.lake.errors import LockedError
from spark_jobs.lake.published import run_dates
from spark_jobs.logs.listening.tables import LISTENS
from spark_jobs.ranking.tables import TOP_SONGS as ANSWER
from spark_jobs.shared.lake import Lake
from tests.commands import started
from tests.conftest import PROJECT
from tests.published import publish_tables, write_tables

DAYS = [date(2009, 5, day) for day in (1, 2, 3)]


def test_newest_dates_stay(lake: Lake) -> None:
    for day in DAYS:
        publish_tables(lake, day, write_tables(lake, day, {LISTENS.name: [], ANSWER.name: []}))
    command = started("cli maintain", LAKE=lake.root, PIPELINE_KEPT_RUN_DATES="2")
    done = subprocess.run(**command, cwd=PROJECT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "run dates removed: ['2009-05-01']" in done.stdout
    with lake.catalog.open() as catalog:
        assert run_dates(catalog, "listening", ANSWER.name) == DAYS[1:]
        assert lock.holder(catalog, "listening") is None


def test_holder_of_the_log_is_named(lake: Lake) -> None:
    run_lock.take(lake, "manual__1")
    command = started("cli maintain", LAKE=lake.root)
    done = subprocess.run(**command, cwd=PROJECT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    said = " ".join(done.stdout.split())
    assert said.startswith("Not maintained: the log listening is being written by the run manual__1, since ")
    assert done.stderr == ""


def test_stopped_maintenance_lets_runs_go_on(lake: Lake) -> None:
    with lake.catalog.open() as catalog:
        process = subprocess.Popen(**started("cli maintain", LAKE=lake.root), cwd=PROJECT)
        while lock.holder(catalog, "listening") is None and process.poll() is None:
            time.sleep(0.05)
        # One that starts meanwhile is tried again.
        with pytest.raises(LockedError, match=f"by the run make maintain, process {process.pid} on "):
            run_lock.take(lake, "manual__1")
        process.terminate()

        assert process.wait() == 128 + signal.SIGTERM
        run_lock.take(lake, "manual__1")
