"""Tables are made, take new columns, and refuse every other change."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import types as T

from spark_jobs.lake import tables
from spark_jobs.lake.catalog import LakeCatalog
from spark_jobs.lake.errors import TableChangedError
from spark_jobs.lake.tables import Table
from spark_jobs.lake.tries import in_buckets, number_buckets, read, read_added
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.shared.log_tables import tables_of
from tests.frames import frame_of
from tests.spark_jobs.lake.days import ANSWER, MONDAY, NAMESPACE, PLAYS, TABLES, a_try, plays, rows_of, run_of


def _prepare(lake: LakeCatalog, *changed: Table, buckets: int = 2) -> None:
    with lake.open() as catalog:
        tables.prepare(catalog, NAMESPACE, changed or TABLES, buckets)


def _with(table: Table, name: str, kind: T.DataType, place: int = -1) -> Table:
    fields = [field for field in table.schema.fields if field.name != name]
    fields.insert(place % (len(fields) + 1), T.StructField(name, kind))
    return replace(table, schema=T.StructType(fields))


def test_new_column_is_null_in_earlier_snapshots(spark: SparkSession, lake: LakeCatalog) -> None:
    before = after = a_try(lake).replace(plays(spark, ("ann", 0)), PLAYS)
    grown = _with(PLAYS, "song", T.StringType(), place=1)

    _prepare(lake, grown)

    for time in range(1, 6):
        base, stage = after, a_try(lake)
        after = stage.add(frame_of(spark, [("ann", f"Song {time}", time)], grown.schema), grown, base)
    compacted = stage.compact(spark, grown)
    expected = [("ann", None, 0), *(("ann", f"Song {time}", time) for time in range(1, 6))]
    assert compacted != after
    for snapshot, rows in ((before, expected[:1]), (after, expected), (compacted, expected)):
        found = read(spark, NAMESPACE, grown, snapshot).orderBy("played_at")
        assert [tuple(row) for row in found.collect()] == rows
    added = read_added(spark, NAMESPACE, grown, base, after)
    assert [tuple(row) for row in added.collect()] == expected[-1:]


def test_few_users_are_one_group_of_rows(
    spark: SparkSession, lake: LakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "ROW_GROUP_BYTES", 4096)
    of_users = replace(PLAYS, name="plays_of_users")
    _prepare(lake, of_users)
    rows = plays(spark, *((f"user {number // 1000}", number) for number in range(5000)))

    snapshot = a_try(lake).replace(in_buckets(number_buckets(rows, of_users, 2), of_users, 2, "played_at"), of_users)

    with lake.open() as catalog:
        files = list(catalog.load_table((NAMESPACE, of_users.name)).scan(snapshot_id=snapshot).plan_files())
    paths = [task.file.file_path.removeprefix("file:") for task in files]
    assert sum(pq.read_metadata(path).num_row_groups for path in paths) > 5


def test_new_column_in_memory_may_stand_anywhere(spark: SparkSession, lake: LakeCatalog) -> None:
    before = a_try(lake).replace_here(pa.table({"plays": [1]}), ANSWER)
    grown = _with(ANSWER, "user_id", T.StringType(), 0)

    _prepare(lake, grown)

    after = a_try(lake).replace_here(pa.table({"user_id": ["ann"], "plays": [2]}), grown)
    assert rows_of(spark, after, grown) == [("ann", 2)]
    assert rows_of(spark, before, grown) == [(None, 1)]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        pytest.param(
            _with(PLAYS, "played_at", T.TimestampType()),
            "played_at: found long, this version writes timestamptz",
            id="another type",
        ),
        pytest.param(
            replace(PLAYS, schema=T.StructType().add("user_id", "string")),
            "played_at: found long, this version writes no such column",
            id="a column less",
        ),
        pytest.param(
            replace(PLAYS, schema=T.StructType().add("user_id", "string").add("heard_at", "long")),
            "played_at: found long, this version writes no such column",
            id="a column of another name",
        ),
    ],
)
def test_other_change_is_refused(lake: LakeCatalog, changed: Table, fault: str) -> None:
    with pytest.raises(TableChangedError, match=f"columns of {NAMESPACE}.plays are not .* {fault}"):
        _prepare(lake, changed)


def test_refusal_of_one_table_changes_no_other(lake: LakeCatalog) -> None:
    with pytest.raises(TableChangedError, match="plays: found long, this version writes string; load the log into an"):
        _prepare(lake, _with(PLAYS, "song", T.StringType()), _with(ANSWER, "plays", T.StringType()))

    with lake.open() as catalog:
        assert catalog.load_table(f"{NAMESPACE}.plays").schema().column_names == PLAYS.schema.fieldNames()


def test_change_within_a_struct_is_refused(lake: LakeCatalog) -> None:
    nested = Table("nested", T.StructType().add("session", T.StructType().add("user_id", "string")))
    _prepare(lake, nested)
    inner = T.StructType().add("user_id", "string").add("tracks", "long")

    with pytest.raises(TableChangedError, match="session: found struct<user_id: string>, this version writes struct"):
        _prepare(lake, replace(nested, schema=T.StructType().add("session", inner)))


def test_refused_table_is_left_as_it_was(spark: SparkSession, lake: LakeCatalog) -> None:
    run = run_of(spark, lake, MONDAY, plays(spark, ("ann", 1)))

    with pytest.raises(TableChangedError):
        _prepare(lake, _with(ANSWER, "plays", T.StringType()))

    assert rows_of(spark, run[ANSWER.name], ANSWER) == [(1,)]


def test_grown_log_gets_more_buckets(spark: SparkSession, lake: LakeCatalog) -> None:
    before = a_try(lake).replace(plays(spark, ("ann", 1)), PLAYS)
    _prepare(lake, buckets=8)
    with lake.open() as catalog:
        kept = tables.buckets_of(catalog, NAMESPACE, PLAYS)
        tables.set_buckets(catalog, NAMESPACE, TABLES, 8)
        tables.set_buckets(catalog, NAMESPACE, TABLES, 4)
        tables.set_buckets(catalog, NAMESPACE, TABLES, 8)
        changed = tables.buckets_of(catalog, NAMESPACE, PLAYS)

    after = a_try(lake).add(plays(spark, ("ben", 2)), PLAYS, before)

    assert (kept, changed) == (2, 8)
    assert rows_of(spark, after) == [("ann", 1), ("ben", 2)]


def test_tables_of_listening_hold_their_schemas(spark: SparkSession, lake: LakeCatalog) -> None:
    with lake.open() as catalog:
        tables.prepare(catalog, "listening", tables_of(LISTENING), buckets=2)

    for table in tables_of(LISTENING):
        assert spark.table(table.full_name("listening")).schema == table.schema
    assert spark.conf.get("spark.sql.catalog.lake.cache-enabled") == "false"


def test_commits_are_tried_twenty_times(lake: LakeCatalog) -> None:
    with lake.open() as catalog:
        properties = catalog.load_table(f"{NAMESPACE}.plays").metadata.properties

    assert properties["commit.retry.num-retries"] == "20"
