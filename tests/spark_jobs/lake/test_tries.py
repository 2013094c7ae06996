"""A try of a stage writes on its own branch, and returns snapshots that can be read by their ids."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.table import Table as IcebergTable
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from spark_jobs.lake import tables, tries
from spark_jobs.lake.catalog import LakeCatalog
from spark_jobs.lake.commits import commit
from spark_jobs.lake.reading import read_last
from spark_jobs.lake.stamps import Stamp, stamp_of
from spark_jobs.lake.tables import Table
from spark_jobs.lake.tries import BUCKET, in_buckets, number_buckets, read, read_added
from tests.frames import frame_of
from tests.spark_jobs.lake.days import (
    ANSWER,
    MONDAY,
    NAMESPACE,
    PLAYS,
    REJECTED,
    TUESDAY,
    a_try,
    plays,
    publish_run,
    rows_of,
    run_of,
)


def test_snapshot_has_rows_and_main_none(spark: SparkSession, lake: LakeCatalog) -> None:
    snapshot = a_try(lake).replace(plays(spark, ("ann", 1), ("ben", 2)), PLAYS)

    assert rows_of(spark, snapshot) == [("ann", 1), ("ben", 2)]
    assert spark.table(PLAYS.full_name(NAMESPACE)).count() == 0


def test_files_are_compressed_with_zstd(spark: SparkSession, lake: LakeCatalog) -> None:
    snapshot = a_try(lake).replace(plays(spark, ("ann", 1)), PLAYS)

    with lake.open() as catalog:
        files = catalog.load_table((NAMESPACE, PLAYS.name)).scan(snapshot_id=snapshot).plan_files()
        (path,) = {task.file.file_path.removeprefix("file:") for task in files}
    assert pq.read_metadata(path).row_group(0).column(0).compression == "ZSTD"


def test_replace_leaves_no_earlier_row(spark: SparkSession, lake: LakeCatalog) -> None:
    stage = a_try(lake)
    before = stage.replace(plays(spark, ("ann", 1)), PLAYS)
    # Of another user, so of another bucket.
    again = a_try(lake).replace(plays(spark, ("cid", 3)), PLAYS)

    assert rows_of(spark, again) == [("cid", 3)]
    assert rows_of(spark, before) == [("ann", 1)]


def test_rows_in_memory_replace_published_ones(spark: SparkSession, lake: LakeCatalog) -> None:
    snapshots = run_of(spark, lake, MONDAY, plays(spark, ("ann", 1)))
    publish_run(lake, MONDAY, snapshots)
    first = snapshots[ANSWER.name]

    other = a_try(lake, TUESDAY, plays=1).replace_here(_counted(spark, 3), ANSWER)
    none = a_try(lake, TUESDAY, plays=1).replace_here(None, ANSWER)

    assert [rows_of(spark, made, ANSWER) for made in (first, other, none)] == [[(1,)], [(3,)], []]
    stamp = a_try(lake, TUESDAY, plays=1).stamp
    assert [_stamp(lake, made, ANSWER) for made in (other, none)] == [stamp, stamp]


def test_rows_in_memory_begin_a_table(spark: SparkSession, lake: LakeCatalog) -> None:
    snapshot = a_try(lake).replace_here(_counted(spark, 3), ANSWER)

    assert rows_of(spark, snapshot, ANSWER) == [(3,)]


def test_add_keeps_rows_of_base(spark: SparkSession, lake: LakeCatalog) -> None:
    base = a_try(lake).replace(plays(spark, ("ann", 1)), PLAYS)
    a_try(lake, run_id="another").replace(plays(spark, ("zoe", 9)), PLAYS)

    snapshot = a_try(lake, TUESDAY).add(plays(spark, ("ann", 2)), PLAYS, base)

    assert rows_of(spark, snapshot) == [("ann", 1), ("ann", 2)]


def test_added_rows_are_read_without_those_of_base(spark: SparkSession, lake: LakeCatalog) -> None:
    base = a_try(lake).replace(plays(spark, ("ann", 1)), PLAYS)
    stage = a_try(lake, TUESDAY)
    added = stage.add(plays(spark, ("ann", 2), ("ben", 3)), PLAYS, base)
    stage.compact(spark, PLAYS)
    a_try(lake, TUESDAY, "another").add(plays(spark, ("zoe", 9)), PLAYS, base)
    nothing = a_try(lake, TUESDAY).add(plays(spark), PLAYS, base)

    found = read_added(spark, NAMESPACE, PLAYS, base, added).collect()
    assert sorted(map(tuple, found)) == [("ann", 2), ("ben", 3)]
    assert read_added(spark, NAMESPACE, PLAYS, base, nothing).collect() == []


def test_exchange_replaces_only_rows_that_are_gone(spark: SparkSession, lake: LakeCatalog) -> None:
    base = a_try(lake).replace(plays(spark, *(("ann", time) for time in range(9)), ("ben", 1)), PLAYS)
    stage, more = a_try(lake, TUESDAY), [("ann", 1), ("ann", 20), ("cid", 1)]

    snapshot = stage.exchange(plays(spark, ("ann", 1), ("ann", 2), ("zoe", 1)), plays(spark, *more), PLAYS, base)

    untouched = [*(("ann", time) for time in (0, *range(3, 9))), ("ben", 1)]
    assert rows_of(spark, snapshot) == sorted([*untouched, *more])
    assert rows_of(spark, base) == [*(("ann", time) for time in range(9)), ("ben", 1)]
    assert _stamp(lake, snapshot) == stage.stamp
    with lake.open() as catalog:
        assert catalog.load_table((NAMESPACE, PLAYS.name)).scan(snapshot_id=snapshot).to_arrow().num_rows == 11
        written = read_last(spark, catalog, NAMESPACE, PLAYS, snapshot)
        assert read_last(spark, catalog, NAMESPACE, PLAYS, 7) is None
    assert written is not None
    assert sorted(map(tuple, written.collect())) == more
    # The file of what was there is still the base's.
    assert _paths(lake, base) < _paths(lake, snapshot)


def test_exchange_writes_one_file_a_bucket(spark: SparkSession, lake: LakeCatalog) -> None:
    base = a_try(lake).replace(plays(spark), PLAYS)
    rows = plays(spark, *((f"user {number}", 1) for number in range(100))).repartition(7)

    snapshot = a_try(lake, TUESDAY).exchange(None, rows, PLAYS, base)

    assert len(rows_of(spark, snapshot)) == 100
    assert _files(lake, snapshot) == 2


def test_places_of_gone_rows_stay_in_one_file(spark: SparkSession, lake: LakeCatalog) -> None:
    snapshot = a_try(lake).replace(plays(spark, *(("ann", time) for time in range(9))).coalesce(1), PLAYS)
    for time in range(3):
        snapshot = a_try(lake).exchange(plays(spark, ("ann", time)), plays(spark), PLAYS, snapshot)

    assert rows_of(spark, snapshot) == [("ann", time) for time in range(3, 9)]
    with lake.open() as catalog:
        (file,) = catalog.load_table((NAMESPACE, PLAYS.name)).scan(snapshot_id=snapshot).plan_files()
    assert len(file.delete_files) == 1


def test_snapshot_says_who_made_it(spark: SparkSession, lake: LakeCatalog) -> None:
    stage = a_try(lake, TUESDAY, "run of tuesday", rejected=7)

    snapshot = stage.replace(plays(spark, ("ann", 1)), PLAYS)

    assert _stamp(lake, snapshot) == Stamp(TUESDAY, "run of tuesday", "stage", {"rejected": 7})


def test_empty_replacement_is_a_stamped_snapshot(spark: SparkSession, lake: LakeCatalog) -> None:
    first = a_try(lake).replace(plays(spark), PLAYS)
    a_try(lake).replace(plays(spark, ("ann", 1)), PLAYS)
    emptied = a_try(lake, TUESDAY).replace(plays(spark), PLAYS)

    assert rows_of(spark, first) == rows_of(spark, emptied) == []
    assert _stamp(lake, first) == a_try(lake).stamp
    assert _stamp(lake, emptied) == a_try(lake, TUESDAY).stamp


def test_empty_addition_is_a_stamped_snapshot(spark: SparkSession, lake: LakeCatalog) -> None:
    base = a_try(lake).replace(plays(spark, ("ann", 1)), PLAYS)

    snapshot = a_try(lake, TUESDAY).add(plays(spark), PLAYS, base)

    assert snapshot != base
    assert rows_of(spark, snapshot) == [("ann", 1)]
    assert _stamp(lake, snapshot) == a_try(lake, TUESDAY).stamp


def test_compacted_snapshot_has_same_rows_and_stamp(spark: SparkSession, lake: LakeCatalog) -> None:
    snapshot = a_try(lake).replace(plays(spark, ("ann", 0)), PLAYS)
    for time in range(1, 6):
        stage = a_try(lake)
        snapshot = stage.add(plays(spark, ("ann", time)), PLAYS, snapshot)

    compacted = stage.compact(spark, PLAYS)

    assert rows_of(spark, compacted) == [("ann", time) for time in range(6)]
    assert _stamp(lake, compacted) == stage.stamp
    assert (_files(lake, snapshot), _files(lake, compacted)) == (6, 1)


def test_large_file_is_not_compacted(spark: SparkSession, lake: LakeCatalog, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = a_try(lake).replace(plays(spark, *(("ann", time) for time in range(9_000))).coalesce(1), PLAYS)
    (large,) = _paths(lake, snapshot)
    monkeypatch.setattr(tries, "_SMALL_FILE_BYTES", Path(large.removeprefix("file:")).stat().st_size)
    for time in range(1, 6):
        stage = a_try(lake)
        snapshot = stage.add(plays(spark, ("ann", -time)), PLAYS, snapshot)

    compacted = stage.compact(spark, PLAYS)

    assert large in _paths(lake, compacted)
    assert (len(_paths(lake, snapshot)), len(_paths(lake, compacted))) == (6, 2)


def test_few_files_are_not_compacted(spark: SparkSession, lake: LakeCatalog) -> None:
    stage = a_try(lake)
    snapshot = stage.replace(plays(spark, ("ann", 0)), PLAYS)

    assert stage.compact(spark, PLAYS) == snapshot


def test_bytes_are_kept(spark: SparkSession, lake: LakeCatalog) -> None:
    line = bytes(range(256))
    rejected = frame_of(spark, [(line, "too few / fields")], REJECTED.schema)

    snapshot = a_try(lake).replace(rejected, REJECTED)

    assert rows_of(spark, snapshot, REJECTED) == [(bytearray(line), "too few / fields")]


def test_rows_without_a_bucket_stay_aside(spark: SparkSession, lake: LakeCatalog) -> None:
    before = a_try(lake).replace(plays(spark, ("ann", 1)), PLAYS)
    stage = a_try(lake)

    aside = stage.set_aside(plays(spark, ("ben", 2), (None, 3)), PLAYS, before)

    with_base, instead = stage.take(aside, PLAYS, before), a_try(lake).take(aside, PLAYS, None)
    assert sorted(rows_of(spark, with_base)) == [("ann", 1), ("ben", 2)]
    assert rows_of(spark, instead) == [("ben", 2)]
    assert [tuple(row) for row in read_added(spark, NAMESPACE, PLAYS, before, with_base).collect()] == [("ben", 2)]
    left = read(spark, NAMESPACE, PLAYS, aside).where("user_id IS NULL")
    assert [tuple(row) for row in left.collect()] == [(None, 3)]
    with lake.open() as catalog:
        found = catalog.load_table((NAMESPACE, PLAYS.name))
    assert stamp_of(found, with_base) == stamp_of(found, aside) == stage.stamp


def test_what_is_set_aside_takes_the_place_of_all(spark: SparkSession, lake: LakeCatalog) -> None:
    published = a_try(lake).replace(plays(spark, ("ann", 1)), PLAYS)
    with lake.open() as catalog:
        commit(catalog, f"{NAMESPACE}.{PLAYS.name}", lambda found: _set_main(found, published))
    stage = a_try(lake)

    snapshot = stage.take(stage.set_aside(plays(spark, ("cid", 3)), PLAYS, None), PLAYS, None)

    assert rows_of(spark, snapshot) == [("cid", 3)]
    assert rows_of(spark, published) == [("ann", 1)]


def test_each_task_writes_one_bucket(spark: SparkSession, lake: LakeCatalog) -> None:
    _set_buckets(lake, 8)
    users = plays(spark, *((f"user {number}", 1) for number in range(100)))
    bucketed = in_buckets(number_buckets(users, PLAYS, 8), PLAYS, 8).withColumn("task", F.spark_partition_id())

    snapshot = a_try(lake).replace(in_buckets(number_buckets(users, PLAYS, 8), PLAYS, 8), PLAYS)

    tasks = {tuple(row) for row in bucketed.select("task", BUCKET).distinct().collect()}
    assert tasks == {(bucket, bucket) for bucket in range(8)}
    assert _files(lake, snapshot) == 8


def test_bucketed_rows_are_shuffled_and_sorted_once(spark: SparkSession, lake: LakeCatalog) -> None:
    rows = in_buckets(number_buckets(plays(spark, ("ben", 2), ("ann", 1), ("ben", 1)), PLAYS, 2), PLAYS, 2, "played_at")
    before = F.lag("played_at").over(W.partitionBy("user_id", BUCKET).orderBy("played_at"))
    rows.withColumn("before", before).createOrReplaceTempView("rows")

    plan = _plan(spark, "INSERT INTO lake.music.plays SELECT user_id, played_at + before FROM rows")

    assert len(re.findall(r"Exchange", plan)) == 1
    assert len(re.findall(r"Sort \[", plan)) == 1


def test_bucketed_rows_lie_in_order(spark: SparkSession, lake: LakeCatalog) -> None:
    rows = plays(spark, ("ben", 2), ("ann", 1), ("ben", 1))

    snapshot = a_try(lake).replace(in_buckets(number_buckets(rows, PLAYS, 2), PLAYS, 2, "played_at"), PLAYS)

    as_they_lie = [tuple(row) for row in read(spark, NAMESPACE, PLAYS, snapshot).collect()]
    assert [time for user, time in as_they_lie if user == "ben"] == [1, 2]
    assert sorted(as_they_lie) == [("ann", 1), ("ben", 1), ("ben", 2)]


def test_join_by_user_plans_no_shuffle(spark: SparkSession, lake: LakeCatalog) -> None:
    rows = number_buckets(plays(spark, ("ann", 1), ("ben", 2)), PLAYS, 2)
    snapshot = a_try(lake).replace(in_buckets(rows, PLAYS, 2), PLAYS)
    by_user = spark.read.option("versionAsOf", snapshot).table(PLAYS.full_name(NAMESPACE)).groupBy("user_id").count()
    by_user.createOrReplaceTempView("by_user")

    plan = _plan(spark, "SELECT * FROM by_user")

    assert sorted(map(tuple, by_user.collect())) == [("ann", 1), ("ben", 1)]
    assert "BatchScan" in plan
    assert "Exchange" not in plan


def test_commit_to_another_branch_between_is_no_loss(spark: SparkSession, lake: LakeCatalog) -> None:
    between = iter([a_try(lake)])

    def add_stamp(found: IcebergTable) -> None:
        for other in between:
            other.replace_here(None, ANSWER)
        found.append(found.schema().as_arrow().empty_table(), branch="ours", snapshot_properties={"by": "us"})

    with lake.open() as catalog:
        commit(
            catalog,
            f"{NAMESPACE}.{ANSWER.name}",
            lambda found: found.manage_snapshots().create_branch(found.current_snapshot().snapshot_id, "ours").commit(),
        )
        table = commit(catalog, f"{NAMESPACE}.{ANSWER.name}", add_stamp)
    assert table.snapshot_by_name("ours").summary["by"] == "us"


def test_two_writers_lose_no_commit(spark: SparkSession, lake: LakeCatalog) -> None:
    def writes(user: str) -> list[int]:
        return [a_try(lake, run_id=user).replace(plays(spark, (user, number)), PLAYS) for number in range(5)]

    with ThreadPoolExecutor() as pool:
        of_ann, of_ben = pool.map(writes, ("ann", "ben"))

    assert [rows_of(spark, snapshot) for snapshot in of_ann] == [[("ann", number)] for number in range(5)]
    assert [rows_of(spark, snapshot) for snapshot in of_ben] == [[("ben", number)] for number in range(5)]


def _plan(spark: SparkSession, statement: str) -> str:
    return spark.sql(f"EXPLAIN {statement}").collect()[0][0]


def _set_buckets(lake: LakeCatalog, buckets: int) -> None:
    with lake.open() as catalog:
        tables.set_buckets(catalog, NAMESPACE, [PLAYS], buckets)


def _counted(spark: SparkSession, number: int) -> pa.Table:
    return frame_of(spark, [(number,)], ANSWER.schema).toArrow()


def _stamp(lake: LakeCatalog, snapshot: int, table: Table = PLAYS) -> Stamp | None:
    with lake.open() as catalog:
        return stamp_of(catalog.load_table(f"{NAMESPACE}.{table.name}"), snapshot)


def _files(lake: LakeCatalog, snapshot: int) -> int:
    return len(_paths(lake, snapshot))


def _paths(lake: LakeCatalog, snapshot: int) -> set[str]:
    with lake.open() as catalog:
        scan = catalog.load_table(f"{NAMESPACE}.{PLAYS.name}").scan(snapshot_id=snapshot)
        return {task.file.file_path for task in scan.plan_files()}


def _set_main(found: IcebergTable, snapshot: int) -> None:
    found.manage_snapshots().set_current_snapshot(snapshot).commit()
