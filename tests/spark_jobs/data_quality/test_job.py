from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_jobs.data_quality import job as data_quality
from spark_jobs.data_quality import line_counts
from spark_jobs.data_quality.job import DataQualityJob, parse_args, run
from spark_jobs.data_quality.line_counts import LineCountMismatchError
from spark_jobs.data_quality.rules import REASONS
from spark_jobs.shared.errors import EmptyInputError
from spark_jobs.shared.input_files import list_files
from spark_jobs.shared.lake import LISTENS, REJECTED_LISTENS, Lake
from spark_jobs.shared.linked_files import link
from tests.lake_reader import rows
from tests.logs import RUN_DATE

LINE = b"u\t2009-05-04T12:00:0%dZ\t\ta\t\tt\n"


def kept_and_rejected(spark: SparkSession, lake: Lake, path: Path) -> tuple[int, dict[str, int]]:
    figures = run(spark, DataQualityJob(str(path), lake, RUN_DATE))
    return figures["rows"]["listens_kept"], {reason: n for reason, n in figures["rejected"].items() if n}


def test_a_directory_a_glob_and_gzip_are_read_as_one_log(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    logs = tmp_path / "log directory"
    logs.mkdir()
    (logs / "1.tsv").write_bytes(LINE % 1)
    (logs / "2.tsv.gz").write_bytes(gzip.compress(LINE % 1 + LINE % 2))
    (logs / "empty.tsv").write_bytes(b"")
    (logs / "_ignored.tsv").write_bytes(LINE % 3)
    assert kept_and_rejected(spark, lake, logs) == (2, {"duplicate": 1})
    assert kept_and_rejected(spark, lake, logs / "*.gz") == (2, {})


def test_a_rejected_line_is_stored_with_the_file_it_came_from(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    first, second = tmp_path / "first.tsv", tmp_path / "with space é.tsv"
    first.write_bytes(b"one odd \xff line\n" + LINE % 1)
    second.write_bytes(b"another\r\n")
    run(spark, DataQualityJob(str(tmp_path / "*.tsv"), lake, RUN_DATE))
    assert sorted(rows(lake, REJECTED_LISTENS, RUN_DATE)) == [
        (b"another\r", "field_count", f"{second}"),
        (b"one odd \xff line", "invalid_encoding", f"{first}"),
    ]


def test_another_run_of_a_date_replaces_that_date_and_nothing_else(
    spark: SparkSession, lake: Lake, tmp_path: Path
) -> None:
    log = tmp_path / "log.tsv"
    log.write_bytes(LINE % 1 + LINE % 2)
    for day in (date(2009, 5, 4), date(2009, 5, 5)):
        run(spark, DataQualityJob(str(log), lake, day))
    other_day = {file: file.stat().st_mtime_ns for file in Path(lake.partition(LISTENS, date(2009, 5, 5))).iterdir()}
    log.write_bytes(LINE % 3)
    run(spark, DataQualityJob(str(log), lake, date(2009, 5, 4)))

    assert [row[1].second for row in rows(lake, LISTENS, date(2009, 5, 4))] == [3]
    assert {file: file.stat().st_mtime_ns for file in other_day} == other_day
    assert list(Path(lake.staging("")).iterdir()) == []


def test_an_input_without_a_line_publishes_nothing(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    log = tmp_path / "log.tsv.gz"
    log.write_bytes(gzip.compress(b""))
    with pytest.raises(EmptyInputError, match=r"log\.tsv\.gz holds no line; a run needs at least one"):
        run(spark, DataQualityJob(str(log), lake, RUN_DATE))
    assert not Path(lake.partition(LISTENS, RUN_DATE)).exists()


def test_each_files_lines_are_counted_however_many_tasks_read_it(
    spark: SparkSession, lake: Lake, tmp_path: Path
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    # More lines than a task reads: every file is read in parts, and each part knows of other files.
    (logs / "1.tsv").write_bytes(b"".join(LINE % second for second in (1, 2)) * 200)
    (logs / "2 é.tsv").write_bytes(b"odd\n" * 300 + LINE % 3)
    (logs / "3.tsv").write_bytes(b"")
    spark.conf.set("spark.sql.files.maxPartitionBytes", "1000")
    spark.conf.set("spark.sql.files.openCostInBytes", "0")
    try:
        record = run(spark, DataQualityJob(str(logs), lake, RUN_DATE))
    finally:
        spark.conf.unset("spark.sql.files.maxPartitionBytes")
        spark.conf.unset("spark.sql.files.openCostInBytes")

    counts = {file["file"].rsplit("/", 1)[1]: tuple(file.values())[2:] for file in record["files"]}
    assert counts == {"1.tsv": (400, 2, 398), "2 é.tsv": (301, 1, 300), "3.tsv": (0, 0, 0)}
    partition = f"{lake.partition(REJECTED_LISTENS, RUN_DATE)}/reason=field_count"
    starts = {row.part_start for row in spark.read.parquet(partition).collect()}
    assert starts == {0, 1000}


@pytest.mark.parametrize(
    ("kept", "files", "message"),
    [
        pytest.param(1, [(3, 1, 1)], "read 3 lines of 1.tsv but kept 1 and rejected 1", id="lost"),
        pytest.param(2, [(2, 1, 0), (1, 1, 1)], "read 2 lines of 1.tsv but kept 1 and rejected 0", id="in a file only"),
        pytest.param(2, [(2, 1, 1)], "read 2 lines of 1.tsv", id="of a file that nobody knows"),
    ],
)
def test_a_lost_line_is_an_error(kept: int, files: list[tuple[int, int, int]], message: str) -> None:
    counts = {"lines_read": 3, "kept": kept, **dict.fromkeys(REASONS, 0), "duplicate": 1}
    per_file = [
        {"file": f"{number}.tsv", "lines_read": read, "listens_kept": stayed, "lines_rejected": went}
        for number, (read, stayed, went) in enumerate(files, 1)
    ]
    with pytest.raises(LineCountMismatchError, match=message):
        line_counts.check("log.tsv", counts, per_file)


def test_the_listens_are_made_with_one_shuffle_and_one_sort(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "log.tsv").write_bytes(LINE % 1)
    plans = []
    lines = link(list_files(str(tmp_path)).files, tmp_path / "links").read_lines(spark)
    with pytest.MonkeyPatch.context() as patch:
        real = data_quality.outcomes.outcome_table
        patch.setattr(data_quality.outcomes, "outcome_table", lambda judged: plans.append(real(judged)) or plans[-1])
        named = data_quality.lines_to_read(lines)
        data_quality.write_outcomes(named, 1, RUN_DATE, 3, str(tmp_path / "outcomes"))
    plan = plans[0]._jdf.queryExecution().executedPlan().toString()
    assert (plan.count("Exchange"), plan.count("+- Sort ")) == (1, 1)


def test_the_command_line_names_input_lake_and_run_date(capsys: pytest.CaptureFixture[str]) -> None:
    job = parse_args(["--input", "in.tsv", "--lake", "/lake", "--run-date", "2009-05-04"])
    assert job == DataQualityJob("in.tsv", Lake("/lake"), date(2009, 5, 4))
    with pytest.raises(SystemExit, match="2"):
        parse_args(["--input", "in.tsv", "--lake", "/lake", "--run-date", "4.5.2009"])
    assert "found '4.5.2009', allowed is a date as YYYY-MM-DD" in capsys.readouterr().err
