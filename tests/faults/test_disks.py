"""A disk that is full, or cannot be written to: a real file system each time, mounted for the test."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from include.runs.input_check import InputError, check_lake
from plugins.spark_job_operator import SparkJobError
from spark_jobs.shared.lake import Lake
from tests.faults.conftest import DAY, Refused, Whole
from tests.faults.disks import Mount, mount
from tests.faults.processes import data_files, submit, wait_for
from tests.faults.stages import MAINS, STAGES, answers, arguments, contents
from tests.plugins.test_spark_job_operator import connection, context, operator

__all__ = ["connection", "mount"]


def lake_on_a_disk(whole: Whole, mount: Mount) -> tuple[Lake, Path]:
    """The whole lake on a disk of its own, at its place."""
    disk = mount(48, Path(whole.lake.root))
    return whole.restore(), disk


def fill(disk: Path, leave: int) -> Path:
    """Fill a disk but for so many bytes; return the file to remove again."""
    filler = disk / "filler"
    free = os.statvfs(disk)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - leave)
    return filler


@contextmanager
def full(disk: Path, leave: int) -> Iterator[None]:
    filler = fill(disk, leave)
    yield
    filler.unlink()


@contextmanager
def read_only(disk: Path) -> Iterator[None]:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    yield
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)


@pytest.mark.usefixtures("applications")
@pytest.mark.parametrize("leave", [pytest.param(32 * 1024, id="32 KiB left"), pytest.param(0, id="nothing left")])
@pytest.mark.parametrize("stage", STAGES)
def test_job_on_full_disk_succeeds_after_freeing_space(
    whole: Whole, mount: Mount, refused: Refused, log: Path, stage: str, leave: int
) -> None:
    lake, disk = lake_on_a_disk(whole, mount)
    said = refused(stage, lake, 1, full(disk, leave))
    assert said.startswith(f"ERROR {stage} {DAY}: ")
    assert "free space on the disk of the lake" in said

    MAINS[stage](arguments(stage, lake, DAY, log))
    assert answers(lake, DAY) == whole.answers[DAY]


@pytest.mark.usefixtures("connection")
def test_task_on_full_disk_gives_one_error_line(whole: Whole, mount: Mount) -> None:
    lake, disk = lake_on_a_disk(whole, mount)
    task, before = operator(lake, date=str(DAY)), data_files(lake)

    def fill_as_it_writes() -> None:
        wait_for(lambda: data_files(lake) - before)
        # The task writes, too: it may take the last of the room before this does.
        with suppress(OSError):
            fill(disk, 0)

    filling = threading.Thread(target=fill_as_it_writes)
    filling.start()
    with pytest.raises(SparkJobError) as failed:
        task.execute(context())
    task._hook._submit_sp.stdout.close()
    filling.join()
    assert re.fullmatch(f"ERROR session_analysis {DAY}: .*: free space on the disk of the lake .*", str(failed.value))


@pytest.mark.usefixtures("applications")
@pytest.mark.parametrize("stage", STAGES)
def test_read_only_lake_is_left_alone_and_named(whole: Whole, mount: Mount, refused: Refused, stage: str) -> None:
    lake, disk = lake_on_a_disk(whole, mount)
    said = refused(stage, lake, 1, read_only(disk))
    assert said.startswith(f"ERROR {stage} {DAY}: ")
    assert "mounted to be written to" in said
    with (
        read_only(disk),
        pytest.raises(InputError, match=r"/lake cannot be written \(.*\); create it for the user"),
    ):
        check_lake(lake)


def test_full_scratch_disk_fails_job_and_publishes_nothing(lake: Lake, mount: Mount, log: Path, tmp_path: Path) -> None:
    scratch, before = mount(1, tmp_path / "scratch"), contents(lake, DAY)
    filler = fill(scratch, 128 * 1024)
    with submit("data_quality", lake, DAY, log, {"spark.local.dir": str(scratch)}) as job:
        said = job.communicate()[0]
    assert job.returncode == 1
    (error,) = [line for line in said.splitlines() if line.startswith("ERROR ")]
    assert "No space left on device: free space on the disk of the lake" in error
    assert contents(lake, DAY) == before

    filler.unlink()
    shutil.rmtree(scratch, ignore_errors=True)
