"""A catalog that is lost: the stage fails, and runs again as soon as the catalog is back, which nobody has replaced."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from spark_jobs.shared.lake import Lake
from tests.faults.conftest import DAY, EARLIER, Whole
from tests.faults.processes import stop_where_it_writes, submit
from tests.faults.stages import MAINS, STAGES, answers, arguments, contents


@contextmanager
def lost(lake: Lake, place: Path) -> Iterator[None]:
    """Move the catalog's files away for the block; afterwards delete any new ones and move them back."""
    place.mkdir()
    for file in Path(lake.root).glob("catalog.db*"):
        shutil.move(file, place / file.name)
    yield
    for file in Path(lake.root).glob("catalog.db*"):
        file.unlink()
    for file in place.iterdir():
        shutil.move(file, Path(lake.root) / file.name)


@pytest.mark.usefixtures("applications")
@pytest.mark.parametrize("stage", STAGES)
def test_stage_does_not_begin_without_catalog(
    whole: Whole, lake: Lake, log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], stage: str
) -> None:
    before = {day: contents(lake, day) for day in (EARLIER, DAY)}
    with lost(lake, tmp_path / "kept"), pytest.raises(SystemExit, match="^65$"):
        MAINS[stage](arguments(stage, lake, DAY, log))
    assert "catalog.db is lost: it has no table" in capsys.readouterr().err.splitlines()[-1]
    assert {day: contents(lake, day) for day in (EARLIER, DAY)} == before

    MAINS[stage](arguments(stage, lake, DAY, log))
    assert answers(lake, DAY) == whole.answers[DAY]


@pytest.mark.usefixtures("applications")
def test_catalog_lost_while_a_stage_writes(whole: Whole, lake: Lake, log: Path, tmp_path: Path) -> None:
    before = {day: contents(lake, day) for day in (EARLIER, DAY)}
    with submit("session_analysis", lake, DAY, log) as job:
        stop_where_it_writes(job.pid, lake)
        with lost(lake, tmp_path / "kept"):
            job.send_signal(signal.SIGCONT)
            said = job.communicate()[0]
    assert job.returncode in (1, 65), said
    assert {day: contents(lake, day) for day in (EARLIER, DAY)} == before

    MAINS["session_analysis"](arguments("session_analysis", lake, DAY, log))
    assert answers(lake, DAY) == whole.answers[DAY]
