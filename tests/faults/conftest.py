"""A lake of two published run dates with a right answer, which is as it was before each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from include.sample_data.listening import generate_log
from spark_jobs.shared import application
from spark_jobs.shared.lake import Lake
from tests.faults.stages import MAINS, STAGES, answers, arguments, contents
from tests.include.report.finished import check_says
from tests.jobs import knowing, publish_run

# The date every fault is for, an earlier one that no fault may touch, and the one after, which is loaded daily.
DAY, EARLIER, NEXT = date(2009, 5, 5), date(2009, 5, 4), date(2009, 5, 6)

Fault = AbstractContextManager[None]
Refused = Callable[..., str]


@dataclass(frozen=True)
class Whole:
    """A lake as all stages have left it: a copy of its files, for they know where they lie, and its answers."""

    lake: Lake
    copy: Path
    answers: dict[date, dict[str, list[tuple[Any, ...]]]]

    def restore(self) -> Lake:
        """Put the files where they were."""
        # Not the directory itself: a test may have mounted a disk there.
        for path in Path(self.lake.root).iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(self.copy, self.lake.root, dirs_exist_ok=True)
        return self.lake


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)


@pytest.fixture(scope="session")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    log = tmp_path_factory.mktemp("log") / "log.tsv"
    size = ("--listens", "20000", "--users", "40", "--seed", "7", "--odd-lines")
    generate_log.main([str(log), *size, "--newest", f"{EARLIER}T22:00:00Z"])
    return log


@pytest.fixture(scope="session")
def arrived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the input of the next day: listens of that day and of earlier years, by the same users."""
    file = tmp_path_factory.mktemp("arrived") / "arrived.tsv"
    generate_log.main([str(file), "--listens", "1000", "--users", "40", "--seed", "8", "--newest", f"{NEXT}T22:00:00Z"])
    return file


def run_in(spark: SparkSession, patch: pytest.MonkeyPatch) -> None:
    """Have the jobs' applications run in the tests' session and not stop it."""
    patch.setattr(application, "spark_session", lambda _, lake: nullcontext(knowing(spark, lake)))


@pytest.fixture
def applications(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    run_in(spark, monkeypatch)


@pytest.fixture(scope="session")
def whole(spark: SparkSession, log: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A lake in which all stages have run, for both dates."""
    home = tmp_path_factory.mktemp("whole")
    lake = Lake(str(home / "lake"), "listening")
    with pytest.MonkeyPatch.context() as patch:
        run_in(spark, patch)
        for day in (EARLIER, DAY):
            for stage in STAGES:
                MAINS[stage](arguments(stage, lake, day, log))
            for check in lake.contract.checks:
                check_says(lake, check, run_date=day)
            publish_run(lake, day)
    shutil.copytree(lake.root, home / "copy")
    return Whole(lake, home / "copy", {day: answers(lake, day) for day in (EARLIER, DAY)})


@pytest.fixture
def lake(whole: Whole) -> Lake:
    """That lake, to be damaged."""
    return whole.restore()


@pytest.fixture
def refused(applications: None, log: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Run a stage, with a fault meanwhile, that must end with an exit code and change nothing; return its last line."""

    def refused(stage: str, lake: Lake, code: int, fault: Fault | None = None) -> str:
        before = {day: contents(lake, day) for day in (EARLIER, DAY)}
        with fault or nullcontext(), pytest.raises(SystemExit, match=f"^{code}$"):
            MAINS[stage](arguments(stage, lake, DAY, log))
        assert {day: contents(lake, day) for day in (EARLIER, DAY)} == before
        return capsys.readouterr().err.splitlines()[-1]

    return refused
