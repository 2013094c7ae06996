"""Every reader of a damaged file of the lake fails, names the damage, and gives no answer."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from include.report.build import build_report
from spark_jobs.lake.tables import Table
from spark_jobs.logs.listening.tables import LISTENS, SESSIONS
from spark_jobs.ranking.tables import TOP_SONGS
from spark_jobs.shared.lake import Lake
from tests.faults.conftest import DAY, Refused, Whole
from tests.faults.stages import MAINS, answers, arguments
from tests.include.report.finished import PARAMETERS

# Who reads what.
READERS = [
    pytest.param("session_analysis", LISTENS, id="session_analysis reads listens"),
    pytest.param("ranking", LISTENS, id="ranking reads listens"),
    pytest.param("ranking", SESSIONS, id="ranking reads sessions"),
]


def files_of(lake: Lake, table: Table) -> list[Path]:
    """The data files of a table's snapshot of the date."""
    with lake.catalog.open() as catalog:
        found = catalog.load_table(("listening", table.name))
        tasks = found.scan(snapshot_id=found.metadata.refs[str(DAY)].snapshot_id).plan_files()
        return sorted(Path("/" + task.file.file_path.removeprefix("file:").lstrip("/")) for task in tasks)


def lose(file: Path) -> None:
    file.unlink()


def truncate(file: Path) -> None:
    remove_sums(file)
    file.write_bytes(file.read_bytes()[:-100])


def flip_a_bit(file: Path) -> None:
    """Change what a file has in its middle; Hadoop's sums beside it would tell of it."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def remove_sums(file: Path) -> None:
    file.with_name(f".{file.name}.crc").unlink(missing_ok=True)


FAULTS = [
    pytest.param(lose, id="a file missing"),
    pytest.param(truncate, id="a file cut short"),
    pytest.param(flip_a_bit, id="a bit flipped"),
]


@pytest.mark.usefixtures("applications")
@pytest.mark.parametrize(("stage", "table"), READERS)
@pytest.mark.parametrize("damage", FAULTS)
def test_damaged_file_fails_the_stage_that_reads_it(
    lake: Lake, refused: Refused, stage: str, table: Table, damage: Callable[[Path], None]
) -> None:
    for file in files_of(lake, table):
        damage(file)
    said = refused(stage, lake, 1)
    assert said.startswith(f"ERROR {stage} {DAY}: ")
    assert said.endswith("run the stage that made it again for its run date")


@pytest.mark.usefixtures("applications")
def test_running_the_date_again_mends_what_was_damaged(whole: Whole, lake: Lake, log: Path) -> None:
    for table in (LISTENS, SESSIONS):
        lose(files_of(lake, table)[-1])
    for stage in MAINS:
        MAINS[stage](arguments(stage, lake, DAY, log))
    assert answers(lake, DAY) == whole.answers[DAY]


@pytest.mark.parametrize("table", [LISTENS, SESSIONS, TOP_SONGS], ids=lambda table: table.name)
def test_no_report_is_made_of_a_lost_file(lake: Lake, table: Table) -> None:
    shutil.rmtree(build_report(lake, DAY, PARAMETERS, {}))
    lose(files_of(lake, table)[-1])
    with pytest.raises(FileNotFoundError):
        build_report(lake, DAY, PARAMETERS, {})
    assert not Path(lake.report(DAY)).exists()


@contextmanager
def without_metadata(lake: Lake, table: Table) -> Iterator[None]:
    metadata = Path(lake.root) / "warehouse" / "listening" / table.name / "metadata"
    metadata.rename(metadata.with_name("kept"))
    yield
    metadata.with_name("kept").rename(metadata)


@pytest.mark.usefixtures("applications")
def test_table_without_metadata_fails_its_reading_stage(lake: Lake, refused: Refused) -> None:
    said = refused("ranking", lake, 1, without_metadata(lake, SESSIONS))
    assert said.startswith(f"ERROR ranking {DAY}: ")
    assert "run the stage that made it again" in said
