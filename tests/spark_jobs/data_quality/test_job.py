from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_jobs.data_quality import job as data_quality
from spark_jobs.data_quality import line_counts
from spark_jobs.data_quality.job import DataQualityJob, parse_args
from spark_jobs.data_quality.judging import judge, lines_to_read
from spark_jobs.data_quality.kinds import kinds_of
from spark_jobs.data_quality.line_counts import LineCountMismatchError
from spark_jobs.lake.stamps import Stamp, stamp_of
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.logs.listening.tables import LISTENS, REJECTED_RECORDS
from spark_jobs.shared.errors import EmptyInputError
from spark_jobs.shared.input_files import list_files
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.linked_files import link
from spark_jobs.shared.records import DataQualityRecord, FileCounts, ListedFile
from tests.jobs import knowing
from tests.jobs import run_data_quality as run
from tests.lake_reader import rows
from tests.logs import RUN_DATE
from tests.records import counted

LINE = b"u\t2009-05-04T12:00:0%dZ\t\ta\t\tt\n"


def kept_and_rejected(spark: SparkSession, lake: Lake, path: Path) -> tuple[int, dict[str, int]]:
    figures = run(spark, DataQualityJob(str(path), lake, RUN_DATE))
    return figures.counts.events_accepted, {reason: n for reason, n in figures.rejected.items() if n}


def test_directories_globs_and_gzip_are_one_log(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    logs = tmp_path / "log directory"
    logs.mkdir()
    (logs / "1.tsv").write_bytes(LINE % 1)
    (logs / "2.tsv.gz").write_bytes(gzip.compress(LINE % 1 + LINE % 2))
    (logs / "empty.tsv").write_bytes(b"")
    (logs / "_ignored.tsv").write_bytes(LINE % 3)
    assert kept_and_rejected(spark, lake, logs) == (2, {"duplicate": 1})
    assert kept_and_rejected(spark, lake, logs / "*.gz") == (2, {})


def test_rejected_line_is_stored_with_its_file(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    first, second = tmp_path / "first.tsv", tmp_path / "with space é.tsv"
    first.write_bytes(b"one odd \xff line\n" + LINE % 1)
    second.write_bytes(b"another\r\n")
    run(spark, DataQualityJob(str(tmp_path / "*.tsv"), lake, RUN_DATE))
    assert sorted(rows(lake, REJECTED_RECORDS, RUN_DATE)) == [
        (b"another\r", "field_count", f"{second}"),
        (b"one odd \xff line", "invalid_encoding", f"{first}"),
    ]


def test_rerun_of_date_replaces_only_that_date(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    log = tmp_path / "log.tsv"
    log.write_bytes(LINE % 1 + LINE % 2)
    for day in (date(2009, 5, 4), date(2009, 5, 5)):
        run(spark, DataQualityJob(str(log), lake, day))
    other_day = rows(lake, LISTENS, date(2009, 5, 5))
    log.write_bytes(LINE % 3)
    run(spark, DataQualityJob(str(log), lake, date(2009, 5, 4)))

    assert [row[1].second for row in rows(lake, LISTENS, date(2009, 5, 4))] == [3]
    assert rows(lake, LISTENS, date(2009, 5, 5)) == other_day != []
    assert list(Path(lake.root).glob("_links/*")) == []


def test_an_input_without_a_line_publishes_nothing(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    log = tmp_path / "log.tsv.gz"
    log.write_bytes(gzip.compress(b""))
    with pytest.raises(EmptyInputError, match=r"log\.tsv\.gz holds no line; a run needs at least one"):
        run(spark, DataQualityJob(str(log), lake, RUN_DATE))
    assert rows(lake, LISTENS, RUN_DATE) == []


def test_lines_are_counted_per_file_across_tasks(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    # More lines than a task reads: every file is read in parts, and each part knows of other files.
    (logs / "1.tsv").write_bytes(b"".join(LINE % second for second in (1, 2)) * 200)
    (logs / "2 é.tsv").write_bytes(b"odd\n" * 300 + LINE % 3)
    (logs / "3.tsv").write_bytes(b"")
    session = knowing(spark, lake)
    session.conf.set("spark.sql.files.maxPartitionBytes", "1000")
    session.conf.set("spark.sql.files.openCostInBytes", "0")
    record = data_quality.run(session, DataQualityJob(str(logs), lake, RUN_DATE))

    counts = {
        Path(one.file).name: counted(one.records_read, one.events_accepted, one.records_rejected)
        for one in record.files
    }
    assert counts == {"1.tsv": counted(400, 2, 398), "2 é.tsv": counted(301, 1, 300), "3.tsv": counted(0, 0, 0)}
    with lake.catalog.open() as catalog:
        rejected = catalog.load_table(("listening", REJECTED_RECORDS.name))
        scan = rejected.scan("reason = 'field_count'", snapshot_id=record.snapshots[REJECTED_RECORDS.name])
        starts = set(scan.to_arrow()["part_start"].to_pylist())
    assert starts == {0, 1000}


@pytest.mark.parametrize(
    ("kept", "files", "message"),
    [
        pytest.param(1, [(3, 1, 1)], "read 3 lines of 1.tsv but accepted 1 and rejected 1", id="lost"),
        pytest.param(
            2, [(2, 1, 0), (1, 1, 1)], "read 2 lines of 1.tsv but accepted 1 and rejected 0", id="in a file only"
        ),
        pytest.param(2, [(2, 1, 1)], "read 2 lines of 1.tsv", id="of a file that nobody knows"),
    ],
)
def test_a_lost_line_is_an_error(kept: int, files: list[tuple[int, int, int]], message: str) -> None:
    per_file = [
        FileCounts(file=f"{number}.tsv", bytes=9, **counted(*of_file).model_dump())
        for number, of_file in enumerate(files, 1)
    ]
    with pytest.raises(LineCountMismatchError, match=message):
        line_counts.check("log.tsv", counted(3, kept, 1), per_file)


def test_listens_need_one_shuffle_and_one_sort(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "log.tsv").write_bytes(LINE % 1)
    session = knowing(spark, lake)
    lines = link(list_files(str(tmp_path / "log.tsv")).files, tmp_path / "links").read_lines(session)
    judged = judge(lines_to_read(lines), kinds_of(LISTENING)[0], 1, RUN_DATE, 3).records
    plan = judged._jdf.queryExecution().executedPlan().toString()
    assert (plan.count("Exchange"), plan.count("+- Sort ")) == (1, 1)


def test_what_a_snapshot_was_made_of_is_recorded(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    log = tmp_path / "log.tsv"
    log.write_bytes(LINE % 1)
    record = run(spark, DataQualityJob(str(log), lake, RUN_DATE, run_id="a run", record=str(tmp_path / "record.json")))
    assert DataQualityRecord.model_validate_json((tmp_path / "record.json").read_bytes()) == record
    assert not Path(lake.stage_record("data_quality", RUN_DATE)).exists()
    modified = log.stat().st_mtime_ns // 1_000_000
    assert (record.run_id, record.base) == ("a run", None)
    assert record.inputs == (ListedFile(file=str(log), bytes=len(LINE % 1), modified_ms=modified),)
    assert record.added == record.snapshots[LISTENS.name]
    with lake.catalog.open() as catalog:
        for name, snapshot in record.snapshots.items():
            stamp = stamp_of(catalog.load_table(("listening", name)), snapshot)
            assert stamp == Stamp(RUN_DATE, "a run", "data_quality", {})


def test_command_line_gives_input_lake_and_run_date(capsys: pytest.CaptureFixture[str]) -> None:
    job = parse_args(["--input", "in.tsv", "--lake", "/lake", "--log", "listening", "--run-date", "2009-05-04"])
    assert job == DataQualityJob("in.tsv", Lake("/lake", "listening"), date(2009, 5, 4))
    with pytest.raises(SystemExit, match="2"):
        parse_args(["--input", "in.tsv", "--lake", "/lake", "--log", "listening", "--run-date", "4.5.2009"])
    assert "found '4.5.2009', allowed is a date as YYYY-MM-DD" in capsys.readouterr().err
