"""A partition that is not what an earlier stage published: every later stage says so, and answers nothing."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from include import checks
from include.report.build import build_report
from scripts import rejected
from spark_jobs.data_quality.rules import REASONS
from spark_jobs.shared import marks
from spark_jobs.shared.errors import DamagedPartitionError
from spark_jobs.shared.lake import (
    CHOSEN_LISTENS,
    CHOSEN_SESSIONS,
    LISTENS,
    REJECTED_LISTENS,
    SESSIONS,
    TOP_SESSIONS,
    TOP_SONGS,
    Lake,
)
from tests.faults.conftest import DAY, NEXT, Refused
from tests.faults.stages import MAINS, answers, arguments, contents, daily_arguments, staged

# Who reads what.
READERS = [("session_analysis", LISTENS), ("ranking", LISTENS), ("ranking", SESSIONS)]
PLACES = 40
# What every reader of them reads.
COLUMN_READ = {LISTENS: "artist_name", SESSIONS: "track_count"}


def files_of(lake: Lake, dataset: str) -> list[Path]:
    return sorted(Path(lake.partition(dataset, DAY)).glob("*.parquet"))


def remove_sums(file: Path) -> None:
    """Take away what Hadoop keeps beside a local file, as a copy made by other tools does."""
    file.with_name(f".{file.name}.crc").unlink()


def lose(file: Path) -> None:
    file.unlink()
    remove_sums(file)


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def add_another(file: Path) -> None:
    """A file of the same bucket beside it, as a tool that does not know of partitions might leave."""
    shutil.copy(file, file.with_name(f"a-copy-of-{file.name}"))


def lose_the_mark(file: Path) -> None:
    (file.parent / marks.MARK).unlink()


def spoil_the_mark(file: Path) -> None:
    (file.parent / marks.MARK).write_text("{")
    remove_sums(file.parent / marks.MARK)


FILE_FAULTS = [
    pytest.param(lose, "{name} is missing", id="a file missing"),
    pytest.param(truncate, r"{name} has \d+ bytes, not \d+", id="a file cut short"),
    pytest.param(add_another, "a-copy-of-{name} was not there", id="a file too many"),
    pytest.param(lose_the_mark, "_SUCCESS is missing", id="no mark"),
    pytest.param(spoil_the_mark, "_SUCCESS cannot be read", id="a mark that is none"),
]


@pytest.mark.usefixtures("applications")
@pytest.mark.parametrize(("stage", "dataset"), READERS)
@pytest.mark.parametrize(("damage", "found"), FILE_FAULTS)
def test_files_that_were_not_published_together_are_not_read(
    lake: Lake, refused: Refused, stage: str, dataset: str, damage: Callable[[Path], None], found: str
) -> None:
    file = files_of(lake, dataset)[-1]
    damage(file)
    said = refused(stage, lake, 65)
    assert said.startswith(f"ERROR {stage} {DAY}: {file.parent} is not what a run of this version published: ")
    assert re.search(found.format(name=file.name), said)
    assert said.endswith(f"run the stage that makes {dataset} for {DAY} again, and those after it")


@pytest.mark.usefixtures("applications")
def test_running_the_date_again_mends_whatever_was_damaged(undamaged: Lake, lake: Lake, log: Path) -> None:
    for dataset in (LISTENS, SESSIONS):
        lose(files_of(lake, dataset)[-1])
    for stage in MAINS:
        MAINS[stage](arguments(stage, lake, DAY, log))
    assert answers(lake, DAY) == answers(undamaged, DAY)


@pytest.mark.parametrize(("damage", "found"), FILE_FAULTS)
@pytest.mark.parametrize("dataset", [LISTENS, SESSIONS, TOP_SONGS])
def test_a_checkpoint_does_not_look_at_such_files_either(
    spark: SparkSession, lake: Lake, dataset: str, damage: Callable[[Path], None], found: str
) -> None:
    file = files_of(lake, dataset)[-1]
    damage(file)
    tables = {"listens": {"minimum_quality_score": "95"}, "sessions": {}, "top_songs": {}}
    with pytest.raises(DamagedPartitionError, match=found.format(name=file.name)):
        getattr(checks, dataset)(spark, lake, DAY, **tables[dataset])


@pytest.mark.parametrize(("damage", "found"), FILE_FAULTS)
@pytest.mark.parametrize("dataset", [LISTENS, SESSIONS, TOP_SESSIONS, TOP_SONGS, CHOSEN_LISTENS])
def test_no_report_is_made_of_such_files(lake: Lake, dataset: str, damage: Callable[[Path], None], found: str) -> None:
    file = files_of(lake, dataset)[-1]
    damage(file)
    with pytest.raises(DamagedPartitionError, match=found.format(name=file.name)):
        build_report(lake, DAY, {}, {})
    assert not Path(lake.report(DAY)).exists()


@pytest.mark.usefixtures("applications")
def test_a_partition_of_an_earlier_version_whose_mark_names_no_files_is_read(
    undamaged: Lake, lake: Lake, log: Path
) -> None:
    for dataset in (LISTENS, SESSIONS):
        mark = Path(lake.partition(dataset, DAY)) / marks.MARK
        mark.write_text("")
        remove_sums(mark)
    MAINS["ranking"](arguments("ranking", lake, DAY, log))
    assert answers(lake, DAY) == answers(undamaged, DAY)


def without(column: str) -> Callable[[pa.Table], pa.Table]:
    return lambda table: table.drop_columns([column])


def as_type(column: str, kind: pa.DataType) -> Callable[[pa.Table], pa.Table]:
    return lambda table: table.set_column(table.schema.get_field_index(column), column, table.column(column).cast(kind))


@pytest.mark.usefixtures("applications")
@pytest.mark.parametrize(
    ("stage", "dataset", "change", "found"),
    [
        pytest.param(
            "ranking",
            SESSIONS,
            without("is_implausible"),
            "is_implausible: found no such column, allowed boolean",
            id="sessions without a column",
        ),
        pytest.param(
            "ranking",
            SESSIONS,
            as_type("track_count", pa.int32()),
            "track_count: found int, allowed bigint",
            id="sessions with a column of another type",
        ),
        pytest.param(
            "session_analysis",
            LISTENS,
            without("artist_name"),
            "artist_name: found no such column, allowed string",
            id="listens without a column",
        ),
        pytest.param(
            "ranking",
            LISTENS,
            as_type("listened_at", pa.string()),
            "listened_at: found string, allowed timestamp",
            id="listens with a column of another type",
        ),
    ],
)
def test_a_partition_of_another_schema_is_refused_with_each_bad_column(
    lake: Lake, refused: Refused, stage: str, dataset: str, change: Callable[[pa.Table], pa.Table], found: str
) -> None:
    for file in files_of(lake, dataset):
        remove_sums(file)
        # Spark would believe its own note of the schema, which Arrow would carry over.
        pq.write_table(change(pq.ParquetFile(file).read()).replace_schema_metadata(), file)
    mark = Path(lake.partition(dataset, DAY)) / marks.MARK
    remove_sums(mark)
    mark.write_text("")
    said = refused(stage, lake, 65)
    assert f"another version wrote it, {found}; run the stage that makes {dataset} for {DAY} again" in said


def test_rejected_lines_of_an_older_version_can_still_be_written_back(undamaged: Lake, lake: Lake) -> None:
    partition = Path(lake.partition(REJECTED_LISTENS, DAY))
    for file in partition.rglob("*.parquet"):
        pq.write_table(pq.ParquetFile(file).read().drop_columns(["part_start"]), file)
    (partition / marks.MARK).write_text("")
    logs = [Path(lake.root) / "old.tsv", Path(lake.root) / "new.tsv"]
    for source, output in zip((lake, undamaged), logs, strict=True):
        rejected.write_log(source, DAY, REASONS, output)
    assert logs[0].read_bytes() == logs[1].read_bytes()


def flip(file: Path, place: int, bit: int = 0) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 1 << bit
    file.write_bytes(content)


def footer_start(file: Path) -> int:
    size = file.stat().st_size
    return size - 8 - int.from_bytes(file.read_bytes()[-8:-4], "little")


def page_of(file: Path, column: str) -> int:
    """A place in the middle of what a file has of a column."""
    group = pq.ParquetFile(file).metadata.row_group(0)
    (chunk,) = (group.column(n) for n in range(group.num_columns) if group.column(n).path_in_schema == column)
    return chunk.data_page_offset + chunk.total_compressed_size // 2


@pytest.mark.parametrize("has_sums", [pytest.param(True, id="with sums beside"), pytest.param(False, id="without")])
@pytest.mark.parametrize(
    "place", [pytest.param("page", id="in a page"), pytest.param("end", id="in the last four bytes")]
)
@pytest.mark.parametrize(("stage", "dataset"), READERS)
def test_a_flipped_bit_fails_the_stage_that_reads_it(
    lake: Lake, refused: Refused, stage: str, dataset: str, place: str, has_sums: bool
) -> None:
    for file in files_of(lake, dataset):
        if not has_sums:
            remove_sums(file)
        flip(file, page_of(file, COLUMN_READ[dataset]) if place == "page" else file.stat().st_size - 1)
    said = refused(stage, lake, 1)
    assert said.startswith(f"ERROR {stage} {DAY}: ")
    assert re.search(f"file:/+{lake.partition(dataset, DAY)[1:]}/", said)
    assert re.search("cannot be read|Checksum error", said)
    assert said.endswith("if trying again does not mend it, run the stage that made it again for its run date")


@pytest.mark.usefixtures("applications")
@pytest.mark.parametrize(("dataset", "column"), [(CHOSEN_LISTENS, "artist_name"), (CHOSEN_SESSIONS, "definition")])
def test_a_flipped_bit_in_what_is_taken_over_from_the_day_before_fails_the_ranking(
    lake: Lake, arrived: Path, capsys: pytest.CaptureFixture[str], dataset: str, column: str
) -> None:
    for stage in ("data_quality", "session_analysis"):
        MAINS[stage](daily_arguments(stage, lake, NEXT, arrived))
    for file in files_of(lake, dataset):
        remove_sums(file)
        flip(file, page_of(file, column))
    before = contents(lake, NEXT)
    with pytest.raises(SystemExit, match=r"^1$"):
        MAINS["ranking"](daily_arguments("ranking", lake, NEXT, arrived))
    said = capsys.readouterr().err.splitlines()[-1]
    assert re.search(f"file:/+{lake.partition(dataset, DAY)[1:]}/.* cannot be read", said)
    assert said.endswith("if trying again does not mend it, run the stage that made it again for its run date")
    assert (contents(lake, NEXT), staged(lake)) == (before, [])


def test_whichever_bit_of_a_page_is_flipped_it_is_seen_or_changes_nothing(spark: SparkSession, lake: Lake) -> None:
    (file,) = files_of(lake, SESSIONS)[:1]
    remove_sums(file)
    whole, rows = file.read_bytes(), sorted(spark.read.parquet(str(file)).collect())
    seen = 0
    for place in range(4, footer_start(file), footer_start(file) // PLACES):
        flip(file, place, place % 8)
        # The reader keeps what it knows of a file of this name and time.
        copy = file.rename(file.with_name(f"{place}.parquet"))
        try:
            assert sorted(spark.read.parquet(str(copy)).collect()) == rows
        except Py4JJavaError:
            seen += 1
        copy.rename(file).write_bytes(whole)
    assert seen > PLACES * 0.9
