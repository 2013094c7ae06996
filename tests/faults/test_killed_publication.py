"""A publication that meets a fault before each of its steps: readers see one run or none, and a retry completes it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest

from include.runs.publishing import publish_run
from spark_jobs.lake.errors import NotPublishedError
from spark_jobs.lake.published import Published, load_all, published, run_dates
from spark_jobs.lake.stamps import began_at, stamp_of
from spark_jobs.logs.listening.tables import LISTENS, SESSIONS
from spark_jobs.ranking.tables import LISTENERS
from spark_jobs.ranking.tables import TOP_SONGS as ANSWER
from spark_jobs.shared import loads
from spark_jobs.shared.documents import read_publication
from spark_jobs.shared.lake import Lake
from tests.conftest import PROJECT
from tests.faults.disks import Mount, mount
from tests.published import leave_records, write_tables

__all__ = ["mount"]

DAY, LATER = date(2009, 5, 5), date(2009, 5, 20)
SONG = {"artist_name": "Cake", "track_name": "Jolene"}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake, not the one that took Spark minutes."""
    return Lake(str(tmp_path / "lake"), "listening")


@contextmanager
def publisher(lake: Lake) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.faults.publisher", lake.root]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=PROJECT, text=True, **pipes) as process:
        yield process
        process.stdin.close()


def ask(process: subprocess.Popen[str], run: Published, step: int, fault: str = "killed") -> dict[str, Any]:
    """Publish with a fault at a step; return how that ended."""
    of_run = {"run_date": str(run.run_date), "run_id": run.run_id, "snapshots": dict(run.snapshots)}
    process.stdin.write(f"{json.dumps({**of_run, 'step': step, 'fault': fault})}\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def a_run(lake: Lake, run_date: date, run_id: str, *others: str, base: Published | None = None) -> Published:
    """Do what the stages and checks of a daily load do; the name of its song is the run's id."""
    rows = {name: [] for name in (LISTENS.name, SESSIONS.name, *others)}
    snapshots = write_tables(lake, run_date, {**rows, ANSWER.name: [{**SONG, "track_name": run_id}]}, run_id)
    leave_records(lake, run_date, snapshots, run_id, parameters={"load": loads.DAILY}, base=base)
    return Published(run_date, run_id, snapshots)


def seen(lake: Lake, run_date: date) -> Published | None:
    """Return the publication that a reader of a date finds; check that it is whole."""
    with lake.catalog.open() as catalog:
        try:
            found = published(catalog, "listening", ANSWER.name, run_date)
        except NotPublishedError:
            return None
        songs = catalog.load_table(("listening", ANSWER.name)).scan(snapshot_id=found.snapshots[ANSWER.name]).to_arrow()
    assert songs["track_name"].to_pylist() == [found.run_id]
    left = read_publication(lake, run_date, found.snapshots)
    told = (left, left.data_quality, left.session_analysis, left.answers)
    assert {record.run_id for record in told} == {found.run_id}
    return found


def mains(lake: Lake) -> dict[str, int]:
    """The snapshot of each table's `main`, which must be one that a stage made, or the table's first."""
    with lake.catalog.open() as catalog:
        tables = load_all(catalog, "listening")
    found = {name: table.current_snapshot().snapshot_id for name, table in tables.items()}
    for name, table in tables.items():
        assert stamp_of(table, found[name]) or table.snapshot_by_id(found[name]).parent_snapshot_id is None
    return found


def branches(lake: Lake) -> list[str]:
    with lake.catalog.open() as catalog:
        return [
            ref for table in load_all(catalog, "listening").values() for ref in table.metadata.refs if began_at(ref)
        ]


def is_complete(lake: Lake, run: Published, is_latest: bool) -> bool:
    """Is a run published as if nothing had been in its way?"""
    assert seen(lake, run.run_date) == run
    assert branches(lake) == []
    directory = Path(lake.publication(run.run_date, 0)).parent
    assert [path.stem for path in directory.iterdir()] == [str(run.snapshots[ANSWER.name])]
    return not is_latest or mains(lake).items() >= run.snapshots.items()


def is_whole(lake: Lake, run: Published, before: Published, mains_before: dict[str, int]) -> bool:
    """Say whether every reader finds the tables of one run, even where this publication was cut off."""
    expected = (None, run, before if before.run_date == run.run_date else None)
    return seen(lake, run.run_date) in expected and all(
        main in (mains_before[name], run.snapshots.get(name)) for name, main in mains(lake).items()
    )


@pytest.mark.parametrize("case", ["for the first time", "again", "again after a later date"])
def test_publication_killed_before_any_step_is_completed(lake: Lake, case: str) -> None:
    # The next run makes no table of listeners.
    before = a_run(lake, DAY, "before", LISTENERS.name)
    publish_run(lake, DAY, before.run_id, before.snapshots)
    later = a_run(lake, LATER, "later", base=before) if case == "again after a later date" else None
    if later:
        publish_run(lake, LATER, later.run_id, later.snapshots)
    with publisher(lake) as process:
        for step in count():
            day = DAY + timedelta(days=step + 1) if case == "for the first time" else DAY
            base = before if day > before.run_date else None
            run, mains_before = a_run(lake, day, f"step {step}", base=base), mains(lake)
            ended = ask(process, run, step)
            if not ended["reached"]:
                break
            assert ended == {"code": -SIGKILL, "reached": True, "said": ""}
            assert is_whole(lake, run, before, mains_before)
            assert later is None or (seen(lake, LATER), mains(lake)) == (later, mains_before)

            publish_run(lake, day, run.run_id, run.snapshots)
            assert is_complete(lake, run, is_latest=later is None)
            before = run
    assert is_complete(lake, run, is_latest=later is None)
    # Those of the document, two for each table's tag, and two for its branches.
    assert step >= 15


@pytest.mark.parametrize("fault", ["full disk", "no permission"])
def test_publication_that_cannot_write_is_completed(lake: Lake, mount: Mount, fault: str) -> None:
    mount(64, Path(lake.root))
    before, failed = a_run(lake, DAY, "before"), 0
    publish_run(lake, DAY, before.run_id, before.snapshots)
    with publisher(lake) as process:
        for step in count():
            run, mains_before = a_run(lake, DAY, f"step {step}"), mains(lake)
            ended = ask(process, run, step, fault)
            (Path(lake.root) / "filler").unlink(missing_ok=True)
            if not ended["reached"]:
                break
            # A removal and the last write need neither space nor permission.
            assert (ended["code"], bool(ended["said"])) in ((1, True), (0, False))
            failed += ended["code"]
            assert is_whole(lake, run, before, mains_before)
            publish_run(lake, DAY, run.run_id, run.snapshots)
            assert is_complete(lake, run, is_latest=True)
            before = run
    assert failed > 10


@pytest.mark.parametrize("step", [1, 4, 8])
def test_next_run_replaces_a_killed_publication(lake: Lake, step: int) -> None:
    first, killed = a_run(lake, DAY, "first"), a_run(lake, DAY, "killed")
    with publisher(lake) as process:
        assert ask(process, killed, step)["code"] == -SIGKILL
    again = a_run(lake, DAY, "again")
    publish_run(lake, DAY, again.run_id, again.snapshots)
    assert seen(lake, DAY) == again
    assert mains(lake).items() >= again.snapshots.items()
    assert first.snapshots.items().isdisjoint(mains(lake).items())
    with lake.catalog.open() as catalog:
        assert run_dates(catalog, "listening", ANSWER.name) == [DAY]
