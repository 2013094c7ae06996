"""Tables are made, take new columns, and refuse every other change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import types as T

from spark_jobs.lake import listening, tables
from spark_jobs.lake.catalog import LakeCatalog
from spark_jobs.lake.errors import TableChangedError
from spark_jobs.lake.tables import Table
from tests.frames import frame_of
from tests.spark_jobs.lake.days import ANSWER, MONDAY, NAMESPACE, PLAYS, TABLES, a_try, plays, rows_of, run_of


def _prepare(lake: LakeCatalog, *changed: Table, buckets: int = 2) -> None:
    with lake.open() as catalog:
        tables.prepare(catalog, NAMESPACE, changed or TABLES, buckets)


def _with(table: Table, name: str, kind: T.DataType) -> Table:
    fields = [field for field in table.schema.fields if field.name != name]
    return replace(table, schema=T.StructType([*fields, T.StructField(name, kind)]))


def test_new_column_is_added(spark: SparkSession, lake: LakeCatalog) -> None:
    before = a_try(lake).replace(plays(spark, ("ann", 1)), PLAYS)
    grown = _with(PLAYS, "song", T.StringType())

    _prepare(lake, grown)

    after = a_try(lake).add(frame_of(spark, [("ben", 2, "Song")], grown.schema), grown, before)
    assert rows_of(spark, after) == [("ann", 1, None), ("ben", 2, "Song")]
    assert rows_of(spark, before) == [("ann", 1)]


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
    ],
)
def test_other_change_is_refused(lake: LakeCatalog, changed: Table, fault: str) -> None:
    with pytest.raises(TableChangedError, match=f"columns of {NAMESPACE}.plays are not .* {fault}"):
        _prepare(lake, changed)


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
        tables.prepare(catalog, listening.NAMESPACE, listening.TABLES, buckets=2)

    for table in listening.TABLES:
        assert spark.table(table.full_name(listening.NAMESPACE)).schema == table.schema
    assert spark.conf.get("spark.sql.catalog.lake.cache-enabled") == "false"


def test_commits_are_tried_twenty_times(lake: LakeCatalog) -> None:
    with lake.open() as catalog:
        properties = catalog.load_table(f"{NAMESPACE}.plays").metadata.properties

    assert properties["commit.retry.num-retries"] == "20"
