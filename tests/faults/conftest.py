"""A lake of two run dates with a right answer, of which each test damages a copy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import nullcontext
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from benchmarks import generate_log
from spark_jobs.shared import application
from spark_jobs.shared.lake import Lake
from tests.faults.stages import MAINS, STAGES, arguments, contents, staged

# The date every fault is for, an earlier one that no fault may touch, and the one after, which is loaded daily.
DAY, EARLIER, NEXT = date(2009, 5, 5), date(2009, 5, 4), date(2009, 5, 6)

Refused = Callable[[str, Lake, int], str]


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
    """What arrives on the day after: listens of its own and of years before, of the same users."""
    file = tmp_path_factory.mktemp("arrived") / "arrived.tsv"
    generate_log.main([str(file), "--listens", "1000", "--users", "40", "--seed", "8", "--newest", f"{NEXT}T22:00:00Z"])
    return file


@pytest.fixture
def applications(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """The jobs' applications run in the tests' session and do not stop it."""
    monkeypatch.setattr(application, "spark_session", lambda _: nullcontext(spark))


@pytest.fixture(scope="session")
def undamaged(spark: SparkSession, log: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake in which all stages have run, for both dates."""
    lake = Lake(str(tmp_path_factory.mktemp("undamaged") / "lake"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(application, "spark_session", lambda _: nullcontext(spark))
        for day in (EARLIER, DAY):
            for stage in STAGES:
                MAINS[stage](arguments(stage, lake, day, log))
    return lake


@pytest.fixture
def lake(undamaged: Lake, tmp_path: Path) -> Lake:
    """A copy of that lake, to be damaged."""
    shutil.copytree(undamaged.root, tmp_path / "lake")
    return Lake(str(tmp_path / "lake"))


@pytest.fixture
def refused(applications: None, log: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Run a stage that must end with an exit code, touch nothing and leave nothing; return the last line it says."""

    def refused(stage: str, lake: Lake, code: int) -> str:
        before = {day: contents(lake, day) for day in (EARLIER, DAY)}
        with pytest.raises(SystemExit, match=f"^{code}$"):
            MAINS[stage](arguments(stage, lake, DAY, log))
        assert {day: contents(lake, day) for day in (EARLIER, DAY)} == before
        assert staged(lake) == []
        return capsys.readouterr().err.splitlines()[-1]

    return refused
