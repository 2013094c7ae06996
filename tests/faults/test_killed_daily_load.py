"""A daily load that is killed: run again it ends as if nothing had been, and what it adds to is as it was."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from cli.environment import PROJECT
from spark_jobs.shared.lake import Lake
from tests.faults.conftest import DAY, EARLIER, NEXT, Whole
from tests.faults.processes import stop_where_it_writes, submitted, wait_for
from tests.faults.stages import MAINS, STAGES, answers, contents, daily_arguments


@pytest.mark.usefixtures("applications")
def test_daily_load_killed_in_every_stage_ends_right(whole: Whole, lake: Lake, arrived: Path) -> None:
    for stage in STAGES:
        MAINS[stage](daily_arguments(stage, lake, NEXT, arrived))
    expected = answers(lake, NEXT)
    whole.restore()

    before = {day: contents(lake, day) for day in (EARLIER, DAY)}
    for stage in STAGES:
        so_far = contents(lake, NEXT)
        with submitted(
            PROJECT / "spark_jobs" / stage / "job.py", daily_arguments(stage, lake, NEXT, arrived), {}
        ) as job:
            stop_where_it_writes(job.pid, lake)
            kill(job.pid)
            job.communicate()
        assert contents(lake, NEXT) == so_far
        MAINS[stage](daily_arguments(stage, lake, NEXT, arrived))
    assert answers(lake, NEXT) == expected
    assert {day: contents(lake, day) for day in (EARLIER, DAY)} == before


def kill(pid: int) -> None:
    """Kill a driver's Java that stands still, and wait until its Python has ended too."""
    (python,) = (child for child in psutil.Process(pid).children() if "python" in child.name())
    psutil.Process(pid).kill()
    wait_for(lambda: not python.is_running())
