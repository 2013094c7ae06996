from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from spark_jobs.shared import file_system, storage
from spark_jobs.shared.errors import MissingPartitionError, SchemaMismatchError
from spark_jobs.shared.lake import SESSIONS, Lake
from spark_jobs.shared.lineage import Part
from spark_jobs.shared.schemas import SESSIONS as SESSIONS_SCHEMA
from spark_jobs.shared.schemas import TOP_SONGS, conform

DAY = date(2009, 5, 4)


def directory(path: Path, **files: str) -> str:
    path.mkdir(parents=True)
    for name, text in files.items():
        (path / name).write_text(text)
    return str(path)


def texts(path: str) -> dict[str, str]:
    return {file.name: file.read_text() for file in Path(path).iterdir()}


def test_publishing_replaces_the_whole_partition(spark: SparkSession, lake: Lake) -> None:
    partition = lake.partition(SESSIONS, DAY)
    for content in ({"a": "old", "b": "old"}, {"a": "new"}):
        with storage.staging_area(spark, lake, DAY) as area:
            storage.publish(spark, directory(Path(area) / "staged", **content), partition)
        assert texts(partition) == content
    assert list(Path(lake.staging("")).iterdir()) == []


def test_a_later_writer_of_a_partition_replaces_the_earlier_ones_whole(spark: SparkSession, lake: Lake) -> None:
    partition = lake.partition(SESSIONS, DAY)
    with storage.staging_area(spark, lake, DAY) as area, storage.staging_area(spark, lake, DAY) as other:
        storage.publish(spark, directory(Path(area) / "staged", a="first"), partition)
        storage.publish(spark, directory(Path(other) / "staged", b="second"), partition)
    assert texts(partition) == {"b": "second"}


def test_a_partition_that_another_run_keeps_taking_is_an_error_not_a_mixture(
    spark: SparkSession, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    partition = lake.partition(SESSIONS, DAY)
    directory(Path(partition), a="theirs")
    real = file_system.rename
    # As if another writer put its partition back each time ours was about to follow.
    monkeypatch.setattr(file_system, "rename", lambda *args: False if args[1] == partition else real(*args))
    with storage.staging_area(spark, lake, DAY) as area:
        staged = directory(Path(area) / "staged", a="ours")
        with pytest.raises(RuntimeError, match="is being published by another run at the same time"):
            storage.publish(spark, staged, partition)
    assert texts(partition) == {"a": "theirs"}


def test_a_replacement_that_fails_half_way_leaves_the_partition_as_it_was(
    spark: SparkSession, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    partition = directory(Path(lake.partition(SESSIONS, DAY)), a="old")
    real = file_system.rename

    def fails_to_put_the_new_one_in_place(session: SparkSession, old: str, new: str) -> bool:
        # A file for a parent is what makes the rename itself fail.
        return real(session, old, f"{partition}.file/x") if old.endswith("/staged") else real(session, old, new)

    Path(f"{partition}.file").write_text("")
    monkeypatch.setattr(file_system, "rename", fails_to_put_the_new_one_in_place)
    with storage.staging_area(spark, lake, DAY) as area:
        staged = directory(Path(area) / "staged", a="new")
        with pytest.raises(NotADirectoryError):
            storage.publish(spark, staged, partition)
    assert texts(partition) == {"a": "old"}


def test_an_attempt_that_fails_leaves_nothing_behind_and_the_partition_as_it_was(
    spark: SparkSession, lake: Lake
) -> None:
    partition = directory(Path(lake.partition(SESSIONS, DAY)), a="old")
    with pytest.raises(ZeroDivisionError), storage.staging_area(spark, lake, DAY) as area:
        directory(Path(area) / "staged", a="half")
        raise ZeroDivisionError
    assert texts(partition) == {"a": "old"}
    assert list(Path(lake.staging("")).iterdir()) == []


def test_a_rename_that_fails_for_another_reason_is_an_error(spark: SparkSession, tmp_path: Path) -> None:
    staged = directory(tmp_path / "staged", record="{}")
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        file_system.rename(spark, staged, str(tmp_path / "file" / "partition"))
    with pytest.raises(Py4JJavaError, match="ParentNotDirectoryException"):
        file_system.rename(spark, f"{staged}/record", str(tmp_path / "file" / "record"))


def test_a_missing_partition_says_which_stage_to_run(spark: SparkSession, lake: Lake) -> None:
    with pytest.raises(MissingPartitionError, match="run the stage that makes sessions for 2009-05-04 first"):
        storage.read_partition(spark, lake, Part(SESSIONS, DAY, "2a"), SESSIONS_SCHEMA)


def test_a_stage_record_replaces_the_one_of_an_earlier_try(spark: SparkSession, lake: Lake) -> None:
    for tries in (1, 2):
        storage.write_stage_record(spark, lake, "ranking", DAY, {"tries": tries, "song": "坂本"})
    record = json.loads(Path(lake.stage_record("ranking", DAY)).read_text(encoding="utf-8"))
    assert record == {"stage": "ranking", "run_date": "2009-05-04", "tries": 2, "song": "坂本"}


def test_a_published_table_has_its_schema_and_a_mismatch_names_every_bad_column(spark: SparkSession) -> None:
    columns = "1 AS rank, 'a' AS artist_name, 't' AS track_name, 1L AS play_count, 1L AS session_count"
    whole = spark.sql(f"SELECT 0 AS extra, {columns}, 1L AS listener_count")
    assert conform(whole, TOP_SONGS).columns == TOP_SONGS.fieldNames()
    with pytest.raises(SchemaMismatchError) as error:
        conform(spark.sql(f"SELECT {columns.replace('1 AS rank', '1L AS rank')}"), TOP_SONGS)
    assert "rank: found bigint, allowed int; listener_count: found no such column, allowed bigint" in str(error.value)
