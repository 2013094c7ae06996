"""A job that goes on writing beside the try that took its place, as Java does when its task is killed."""

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
