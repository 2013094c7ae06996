"""A record that cannot be parsed keeps its line number, which a second look at its file finds."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession

from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.data_quality.kinds import kinds_of
from spark_jobs.data_quality.one_kind import Work, judge_and_write
from spark_jobs.lake.tables import prepare
from spark_jobs.shared.input_files import Listing, list_files
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.linked_files import place_of_links
from spark_jobs.shared.log_tables import tables_of
from spark_jobs.shared.scratch import scratch
from tests.jobs import knowing
from tests.shop_jobs import write_files
from tests.spark_jobs.logs.shop.records import RUN_DATE, line_with

LINES = [b"odd", line_with("users"), b"", b"odd", b"\xff", line_with("users", tier="none")]


class Users(DataQualityJob):
    """A job that lists no events, of which a log has some."""

    def list_files(self) -> Listing:
        return list_files(self.input_path)


def test_lines_are_numbered_while_their_files_are_watched(spark: SparkSession, tmp_path: Path) -> None:
    log, lake = write_files({"users": [b"\n".join(LINES) + b"\n"]}, tmp_path / "log"), Lake(str(tmp_path), "shop")
    job = Users(str(log), lake, RUN_DATE)
    users, listing = kinds_of(lake.contract)[2], job.list_files()
    with lake.catalog.open() as catalog:
        prepare(catalog, "shop", tables_of(lake.contract), 1)
    with place_of_links(lake) as links, scratch() as keep:
        work = Work(knowing(spark, lake), job, listing, None, links, keep)
        told = judge_and_write(work, users, listing.files, 1).told
        # Nobody says any more that it was there.
        (log / "users" / "0.jsonl").unlink()
        found = sorted((row.reason, row.line_number or 0) for row in told.collect())
    assert found == [
        ("invalid_encoding", 5),
        ("invalid_json", 1),
        ("invalid_json", 3),
        ("invalid_json", 4),
        ("invalid_tier", 0),
    ]
