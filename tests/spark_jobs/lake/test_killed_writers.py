"""Readers of a date see one run or none, whenever a writer is killed, and the next writer completes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from spark_jobs.lake.catalog import LakeCatalog
from spark_jobs.lake.errors import NotPublishedError
from spark_jobs.lake.stamps import stamp_of
from tests.conftest import PROJECT
from tests.spark_jobs.lake.days import (
    ANSWER,
    MONDAY,
    NAMESPACE,
    PLAYS,
    REJECTED,
    TABLES,
    mains_of,
    plays,
    publish_run,
    published_run,
    run_of,
)
from tests.spark_jobs.lake.writer import ROWS

# One seed a run of the tests; a failure says which.
ROUNDS = int(os.environ.get("KILL_ROUNDS", "2"))
SEED = int(os.environ.get("KILL_SEED", str(random.randrange(10**6))))
PUBLISH_ALTERNATELY = """
import json, sys, time
from spark_jobs.lake.catalog import LakeCatalog
from tests.spark_jobs.lake.days import MONDAY, publish_run
runs = json.loads(sys.argv[2])
print("ready", flush=True)
while True:
    for run_id, snapshots in runs.items():
        publish_run(LakeCatalog(sys.argv[1]), MONDAY, snapshots, run_id, over_newer=True)
        time.sleep(0.3)
"""


@contextmanager
def _process(*command: str) -> Iterator[subprocess.Popen[str]]:
    """Run a process with all that it starts, and kill all of that at the end of the block."""
    started = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield started
    finally:
        os.killpg(started.pid, signal.SIGKILL)
        started.communicate()


def _rows(lake: LakeCatalog, table: str, snapshot: int) -> pa.Table:
    with lake.open() as catalog:
        return catalog.load_table((NAMESPACE, table)).scan(snapshot_id=snapshot).to_arrow()


def _check_one_run(lake: LakeCatalog) -> str | None:
    """Read what is published; it must be whole and of one run, whose id is returned."""
    try:
        found = published_run(lake, MONDAY)
    except NotPublishedError:
        return None
    read = {name: _rows(lake, name, snapshot) for name, snapshot in found.snapshots.items()}
    assert read[PLAYS.name]["user_id"].to_pylist() == [found.run_id] * ROWS
    assert read[REJECTED.name]["reason"].to_pylist() == [found.run_id] * ROWS
    assert read[ANSWER.name]["plays"].to_pylist() == [ROWS]
    return found.run_id


def _check_mains(lake: LakeCatalog) -> None:
    """The `main` of each table must be what one stage made, whole, or the table's first snapshot."""
    for table in TABLES:
        with lake.open() as catalog:
            found = catalog.load_table((NAMESPACE, table.name))
        main = found.current_snapshot().snapshot_id
        stamp = stamp_of(found, main)
        expected = (1 if table is ANSWER else ROWS) if stamp else 0
        assert _rows(lake, table.name, main).num_rows == expected


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_killed_writer_leaves_one_run_or_none(tmp_path_factory: pytest.TempPathFactory, round_: int) -> None:
    chosen = random.Random(SEED + round_)
    lake = LakeCatalog(str(tmp_path_factory.getbasetemp() / "killed" / "lake"))
    with _process(sys.executable, "-m", "tests.spark_jobs.lake.writer", lake.root) as writer:
        # A retry of the run that was killed, or the first run of all, completes.
        assert writer.stdout is not None
        completed = writer.stdout.readline().strip()
        assert completed.endswith("-0")
        until = time.monotonic() + chosen.uniform(0, 3)
        seen = {_check_one_run(lake)}
        while time.monotonic() < until:
            seen.add(_check_one_run(lake))

    left = _check_one_run(lake)
    _check_mains(lake)
    assert seen != {None}, f"KILL_SEED={SEED}"
    assert seen | {left} <= {None, *(f"{writer.pid}-{number}" for number in range(1000))}, f"KILL_SEED={SEED}"


def test_killed_publication_leaves_one_run_or_none(spark: SparkSession, lake: LakeCatalog) -> None:
    chosen = random.Random(SEED)
    runs = {run_id: run_of(spark, lake, MONDAY, plays(spark, (run_id, 1)), run_id) for run_id in ("a", "b")}
    left = []
    for _ in range(8):
        command = (sys.executable, "-c", PUBLISH_ALTERNATELY, lake.root, json.dumps(runs))
        with _process(*command) as publisher:
            assert publisher.stdout is not None
            publisher.stdout.readline()
            time.sleep(chosen.uniform(0, 1))
        with suppress(NotPublishedError):
            found = published_run(lake, MONDAY)
            assert found.snapshots == runs[found.run_id]
            left.append(found.run_id)
    assert left, f"nothing was ever published, KILL_SEED={SEED}"

    publish_run(lake, MONDAY, runs["b"], "b", over_newer=True)
    assert published_run(lake, MONDAY).snapshots == mains_of(lake) == runs["b"]
