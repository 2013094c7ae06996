"""An input that is not the same when it has been read as it was when the job listed it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from spark_jobs.shared.application import EXIT_DATA_ERROR
from spark_jobs.shared.lake import Lake
from tests.faults.conftest import DAY, EARLIER, Whole
from tests.faults.processes import stop_where_it_writes, submit
from tests.faults.stages import MAINS, answers, arguments, contents

ADVICE = (
    "nothing was published: run the date again from check_input when the files are whole, and have logs written under "
    "another name and then renamed"
)


def grow(log: Path) -> None:
    with log.open("ab") as file:
        file.write(b"one line more\n")


def replace(log: Path) -> None:
    """Put another log of the same size in its place, as a writer does that renames."""
    other = log.with_name(f".{log.name}")
    other.write_bytes(log.read_bytes().swapcase())
    os.replace(other, log)


def overwrite(log: Path) -> None:
    """Write another content of the same size into the file itself."""
    content = log.read_bytes().swapcase()
    with log.open("rb+") as file:
        file.write(content)


@pytest.mark.usefixtures("applications")
@pytest.mark.parametrize(
    ("change", "found"),
    [
        pytest.param(Path.unlink, "no file at {log}; check the path, and that the file has arrived; {advice}"),
        pytest.param(grow, "{log} went from {size} to {grown} bytes; {advice}", id="growing"),
        pytest.param(replace, "{log} was written to or replaced; {advice}", id="replaced by one of the same size"),
        pytest.param(overwrite, "{log} was written to or replaced; {advice}", id="overwritten in place"),
    ],
)
def test_input_that_changes_is_refused_and_read_anew(
    whole: Whole, lake: Lake, log: Path, tmp_path: Path, change: Callable[[Path], None], found: str
) -> None:
    before = {day: contents(lake, day) for day in (EARLIER, DAY)}
    input_path = Path(shutil.copy(log, tmp_path / "input.tsv"))
    size = input_path.stat().st_size
    with submit("data_quality", lake, DAY, input_path) as job:
        stop_where_it_writes(job.pid, lake)
        change(input_path)
        job.send_signal(signal.SIGCONT)
        said = job.communicate()[0].splitlines()[-1]
    assert job.returncode == EXIT_DATA_ERROR
    expected = found.format(log=input_path, size=size, grown=size + 14, advice=ADVICE)
    assert said == f"ERROR data_quality {DAY}: the input changed while it was read: {expected}"
    assert {day: contents(lake, day) for day in (EARLIER, DAY)} == before

    shutil.copy(log, input_path)
    MAINS["data_quality"](arguments("data_quality", lake, DAY, input_path))
    # The rejected lines are those of another file.
    assert answers(lake, DAY) | {"rejected_records": []} == whole.answers[DAY] | {"rejected_records": []}
