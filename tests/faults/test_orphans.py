"""A job that is killed while it writes, and one that goes on writing beside the try that took its place."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from spark_jobs.shared.lake import Lake
from tests.faults.conftest import DAY, EARLIER
from tests.faults.processes import stop_where_it_writes, submit
from tests.faults.stages import MAINS, STAGES, answers, arguments, contents, not_whole, staged


@pytest.mark.usefixtures("applications")
@pytest.mark.parametrize("stage", STAGES)
def test_an_orphan_that_goes_on_writing_after_the_next_try_leaves_a_whole_partition_of_the_same_rows(
    undamaged: Lake, lake: Lake, log: Path, stage: str
) -> None:
    before = contents(lake, EARLIER)
    with submit(stage, lake, DAY, log) as orphan:
        stop_where_it_writes(orphan.pid, lake)
        MAINS[stage](arguments(stage, lake, DAY, log))
        of_the_retry = contents(lake, DAY)
        assert (answers(lake, DAY), not_whole(lake, DAY)) == (answers(undamaged, DAY), {})
        orphan.send_signal(signal.SIGCONT)
        said = orphan.communicate()[0]
    assert orphan.returncode == 0, said
    # It has published, and that is as good.
    assert contents(lake, DAY).keys() != of_the_retry.keys()
    assert (answers(lake, DAY), not_whole(lake, DAY), staged(lake)) == (answers(undamaged, DAY), {}, [])
    assert contents(lake, EARLIER) == before


@pytest.mark.usefixtures("applications")
def test_a_job_killed_while_it_writes_leaves_the_partitions_as_they_were_and_the_next_try_succeeds(
    undamaged: Lake, lake: Lake, log: Path
) -> None:
    before = {day: contents(lake, day) for day in (EARLIER, DAY)}
    with submit("data_quality", lake, DAY, log) as job:
        stop_where_it_writes(job.pid, lake)
        job.kill()
        job.send_signal(signal.SIGCONT)
        job.communicate()
    assert job.returncode == -signal.SIGKILL
    assert {day: contents(lake, day) for day in (EARLIER, DAY)} == before

    MAINS["data_quality"](arguments("data_quality", lake, DAY, log))
    assert answers(lake, DAY) == answers(undamaged, DAY)
    assert contents(lake, EARLIER) == before[EARLIER]
