"""Two runs on one lake at the same time, though the lock of the log should keep them apart."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from spark_jobs.shared.lake import Lake
from tests.faults.conftest import DAY, EARLIER, Refused, Whole
from tests.faults.processes import submitted
from tests.faults.stages import MAINS, answers, arguments, contents, published

ALL_STAGES = Path(__file__).with_name("all_stages.py")


def run_at_once(lake: Lake, days: tuple[date, ...], log: Path) -> list[tuple[int, str]]:
    """Run all stages for some dates, each in a process of its own; return exit codes and last lines."""
    with ExitStack() as running:
        jobs = [
            running.enter_context(submitted(ALL_STAGES, arguments("data_quality", lake, day, log), {})) for day in days
        ]
        said = [job.communicate()[0] for job in jobs]
    return [(job.returncode, text.splitlines()[-1] if text else "") for job, text in zip(jobs, said, strict=True)]


def test_runs_of_different_dates_do_not_meet(whole: Whole, lake: Lake, log: Path) -> None:
    before = {day: published(lake, day) for day in (EARLIER, DAY)}
    ended = run_at_once(lake, (EARLIER, DAY), log)
    assert [code for code, _ in ended] == [0, 0], ended
    for day in (EARLIER, DAY):
        assert answers(lake, day) == whole.answers[day]
    assert {day: published(lake, day) for day in (EARLIER, DAY)} == before


@pytest.mark.usefixtures("applications")
def test_runs_of_one_date_change_nothing_readers_see(whole: Whole, lake: Lake, log: Path) -> None:
    before, seen = contents(lake, EARLIER), published(lake, DAY)
    ended = run_at_once(lake, (DAY, DAY), log)
    # One may find the record of the other where it looks for its own (65): it fails, and the date is run again.
    assert {code for code, _ in ended} <= {0, 65}, ended
    assert published(lake, DAY) == seen
    if any(code for code, _ in ended):
        for stage in MAINS:
            MAINS[stage](arguments(stage, lake, DAY, log))
    assert answers(lake, DAY) == whole.answers[DAY]
    assert contents(lake, EARLIER) == before


@pytest.mark.usefixtures("applications")
def test_ranking_refuses_sessions_and_listens_of_different_runs(
    lake: Lake, log: Path, tmp_path: Path, refused: Refused
) -> None:
    lines = log.read_bytes().splitlines(keepends=True)
    another = tmp_path / "another.tsv"
    another.write_bytes(b"".join(lines[::2]))
    MAINS["data_quality"](arguments("data_quality", lake, DAY, another))
    said = refused("ranking", lake, 65)
    assert said.startswith(f"ERROR ranking {DAY}: ")

    for stage in ("session_analysis", "ranking"):
        MAINS[stage](arguments(stage, lake, DAY, another))
