"""Two runs on one lake at the same time."""

from __future__ import annotations

import shutil
import threading
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_jobs.shared import marks, storage
from spark_jobs.shared.lake import SESSIONS, Lake
from tests.faults.conftest import DAY, EARLIER, Refused
from tests.faults.processes import submitted
from tests.faults.stages import MAINS, answers, arguments, contents, not_whole, staged

ALL_STAGES = Path(__file__).with_name("all_stages.py")
ROUNDS = 60


def run_at_once(lake: Lake, days: tuple[date, ...], log: Path) -> list[tuple[int, str]]:
    """Run all stages for some dates, each in a process of its own; return exit codes and last lines."""
    with ExitStack() as running:
        jobs = [
            running.enter_context(submitted(ALL_STAGES, arguments("data_quality", lake, day, log), {})) for day in days
        ]
        said = [job.communicate()[0] for job in jobs]
    return [(job.returncode, text.splitlines()[-1] if text else "") for job, text in zip(jobs, said, strict=True)]


def test_runs_of_different_dates_at_once_do_not_meet(undamaged: Lake, lake: Lake, log: Path) -> None:
    shutil.rmtree(lake.root)
    ended = run_at_once(lake, (EARLIER, DAY), log)
    assert [code for code, _ in ended] == [0, 0], ended
    for day in (EARLIER, DAY):
        assert (answers(lake, day), not_whole(lake, day)) == (answers(undamaged, day), {})
    assert staged(lake) == []


@pytest.mark.usefixtures("applications")
def test_runs_of_the_same_date_at_once_leave_a_right_answer(undamaged: Lake, lake: Lake, log: Path) -> None:
    before = contents(lake, EARLIER)
    ended = run_at_once(lake, (DAY, DAY), log)
    # One may find that the other has taken from under it what it was reading (1), or what it was to read (65: between
    # the old record and the new one there is none): it fails, and the date is run again.
    assert {code for code, _ in ended} <= {0, 1, 65}, ended
    assert all(said.startswith("ERROR") for code, said in ended if code), ended
    assert not_whole(lake, DAY) == {}
    if any(code for code, _ in ended):
        for stage in MAINS:
            MAINS[stage](arguments(stage, lake, DAY, log))
    assert (answers(lake, DAY), not_whole(lake, DAY), staged(lake)) == (answers(undamaged, DAY), {}, [])
    assert contents(lake, EARLIER) == before


def test_however_often_two_publish_the_same_partition_each_is_there_whole_or_not_at_all(
    spark: SparkSession, lake: Lake
) -> None:
    partition = Path(lake.partition(SESSIONS, DAY))
    faults: list[BaseException] = []

    def publish(name: str) -> None:
        for round_ in range(ROUNDS):
            with storage.staging_area(spark, lake, DAY) as area:
                made = Path(area) / "sessions"
                made.mkdir(parents=True)
                for part in range(3):
                    (made / f"part-{part}-{name}-{round_}.parquet").write_text(name)
                try:
                    storage.publish_partition(spark, str(made), str(partition), "2a")
                except BaseException as error:
                    faults.append(error)

    writers = [threading.Thread(target=publish, args=(name,)) for name in ("orphan", "retry", "third")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert faults == []
    assert marks.local_faults(partition) == []
    assert len(list(partition.glob("*.parquet"))) == 3
    assert [entry for entry in partition.iterdir() if entry.is_dir()] == []
    assert staged(lake) == []


@pytest.mark.usefixtures("applications")
def test_sessions_of_one_run_and_listens_of_another_give_no_answer(lake: Lake, log: Path, refused: Refused) -> None:
    lines = log.read_bytes().splitlines(keepends=True)
    another = Path(lake.root) / "another.tsv"
    another.write_bytes(b"".join(lines[::2]))
    MAINS["data_quality"](arguments("data_quality", lake, DAY, another))
    said = refused("ranking", lake, 65)
    assert "sessions/run_date=2009-05-05 is not what a run of this version published: it was made from the log " in said

    for stage in ("session_analysis", "ranking"):
        MAINS[stage](arguments(stage, lake, DAY, another))
