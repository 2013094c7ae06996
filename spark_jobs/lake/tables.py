"""The tables of a log: made where there are none, grown by new columns, and refused where they are of another form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

from pyiceberg import types as I
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import TableAlreadyExistsError
from pyiceberg.manifest import ManifestContent
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table as IcebergTable
from pyiceberg.transforms import BucketTransform, IdentityTransform, Transform
from pyspark.sql import types as T

from spark_jobs.lake.catalog import CATALOG
from spark_jobs.lake.commits import TRIES, commit
from spark_jobs.lake.errors import TableChangedError

PROPERTIES = {
    # Deletion vectors, of version 3, are not read everywhere.
    "format-version": "2",
    "commit.retry.num-retries": str(TRIES),
    # A table that Java makes has zstd by default; one that pyiceberg makes would get gzip, a fifth of the job's CPU.
    "write.parquet.compression-codec": "zstd",
    "write.parquet.compression-level": "1",
    # Rows come in the order and in the tasks that the job gave them: Spark neither shuffles nor sorts them again. A
    # task whose rows are of many partitions has a file open for each.
    "write.distribution-mode": "none",
    # Rows that a daily load removes are noted by their places: the files that have them are not written again.
    "write.merge.mode": "merge-on-read",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "100",
}
# What a writer of Parquet gathers before it writes a group of rows. A reader skips groups without the users that it
# looks for. A group has some 25,000 listens, of one or two users. Files grow by 4 %.
ROW_GROUP_BYTES = 2 * 1024**2
# The first partition field's number, as Iceberg counts them.
_FIRST_FIELD = 1000
_PRIMITIVES: dict[type[T.DataType], I.PrimitiveType] = {
    T.StringType: I.StringType(),
    T.BinaryType: I.BinaryType(),
    T.BooleanType: I.BooleanType(),
    T.IntegerType: I.IntegerType(),
    T.LongType: I.LongType(),
    T.DoubleType: I.DoubleType(),
    T.DateType: I.DateType(),
    T.TimestampType: I.TimestamptzType(),
}


@dataclass(frozen=True)
class Table:
    """A table's name, columns, and partitions: by hash of `bucketed_by`, by value of `split_by`, or none.

    Columns of `varied` have too many values for a dictionary: Parquet would make one and give it up, file by file.
    """

    name: str
    schema: T.StructType
    bucketed_by: str = ""
    split_by: str = ""
    varied: tuple[str, ...] = ()

    @property
    def properties(self) -> dict[str, str]:
        """Return the properties that Iceberg keeps with the table."""
        # The default is 128 MiB, a whole bucket.
        groups = {"write.parquet.row-group-size-bytes": str(ROW_GROUP_BYTES)} if self.bucketed_by else {}
        return (
            PROPERTIES
            | groups
            | {f"write.parquet.dict-encoding-enabled.column.{name}": "false" for name in self.varied}
        )

    def full_name(self, namespace: str) -> str:
        """Return the name that Spark's SQL knows.

        >>> Table("listens", T.StructType()).full_name("listening")
        'lake.listening.listens'
        """
        return f"{CATALOG}.{namespace}.{self.name}"


def prepare(catalog: Catalog, namespace: str, tables: Sequence[Table], buckets: int) -> None:
    """Make the tables that are not there, and add new columns to the others.

    New tables have so many `buckets`; the others keep theirs. Raises TableChangedError for any other difference, and
    changes no table then.
    """
    catalog.create_namespace_if_not_exists(namespace)
    by_name = {f"{namespace}.{table.name}": table for table in tables}
    there = {name for name in by_name if catalog.table_exists(name)}
    for name in there:
        _new_columns(catalog.load_table(name), by_name[name])
    for name, table in by_name.items():
        if name not in there:
            _create(catalog, name, table, buckets)
        # A branch begins at a snapshot: the first one has no rows.
        commit(catalog, name, partial(_bring_up_to_date, table))


def set_buckets(catalog: Catalog, namespace: str, tables: Sequence[Table], buckets: int) -> None:
    """Have what is written from now on lie in so many buckets, for a full load of a log that has grown."""
    for table in tables:
        if table.bucketed_by:
            name = f"{namespace}.{table.name}"
            commit(catalog, name, partial(_set_buckets, table.bucketed_by, buckets))


def buckets_of(catalog: Catalog, namespace: str, table: Table) -> int:
    """Return how many buckets a table has, 1 if it has none."""
    return _buckets(catalog.load_table(f"{namespace}.{table.name}"))


def bucket_records(catalog: Catalog, namespace: str, table: Table, snapshot: int) -> list[int]:
    """Return how many records each bucket of a snapshot has, by the table's metadata; empty ones are left out."""
    found = catalog.load_table(f"{namespace}.{table.name}")
    made, records = found.snapshot_by_id(snapshot), Counter[str]()
    for manifest in made.manifests(found.io) if made else ():
        if manifest.content == ManifestContent.DATA:
            for entry in manifest.fetch_manifest_entry(found.io):
                records[str(entry.data_file.partition)] += entry.data_file.record_count
    return list(records.values())


def _create(catalog: Catalog, name: str, table: Table, buckets: int) -> None:
    schema = Schema(*_struct(table.schema, count(1)).fields)
    try:
        partitions = _partitions(table, schema, buckets)
        catalog.create_table(name, schema, partition_spec=partitions, properties=table.properties)
    except TableAlreadyExistsError:
        # Another run of the log begins at the same time.
        return


def _partitions(table: Table, schema: Schema, buckets: int) -> PartitionSpec:
    if table.bucketed_by:
        return _spec(schema, table.bucketed_by, BucketTransform(buckets), _bucket_field(table.bucketed_by, buckets))
    if table.split_by:
        return _spec(schema, table.split_by, IdentityTransform(), table.split_by)
    return UNPARTITIONED_PARTITION_SPEC


def _spec(schema: Schema, column: str, transform: Transform[Any, Any], name: str) -> PartitionSpec:
    source = schema.find_field(column).field_id
    return PartitionSpec(PartitionField(source, _FIRST_FIELD, transform, name))


def _bucket_field(column: str, buckets: int) -> str:
    return f"{column}_bucket_{buckets}"


def _bring_up_to_date(table: Table, found: IcebergTable) -> None:
    new_columns = _new_columns(found, table)
    if new_columns:
        with found.update_schema() as update:
            for column in new_columns:
                update.add_column(column.name, column.field_type)
    if found.current_snapshot() is None:
        found.append(found.schema().as_arrow().empty_table(), snapshot_properties={"pipeline.stage": "created"})


def _new_columns(found: IcebergTable, table: Table) -> list[I.NestedField]:
    """Return the columns that the table lacks; raises TableChangedError if more than that is different."""
    ours = {field.name: field for field in _struct(table.schema, count(1)).fields}
    theirs = {field.name: _spelled(field.field_type) for field in found.schema().fields}
    wanted = {name: _spelled(field.field_type) for name, field in ours.items()}
    faults = [
        f"{name}: found {there}, this version writes {wanted.get(name, 'no such column')}"
        for name, there in theirs.items()
        if wanted.get(name) != there
    ]
    if faults:
        raise TableChangedError(
            f"the columns of {'.'.join(found.name())} are not those of this version, which only adds columns: "
            f"{'; '.join(faults)}; load the log into an empty lake, or use the version that wrote this one"
        )
    return [field for name, field in ours.items() if name not in theirs]


def _set_buckets(column: str, buckets: int, found: IcebergTable) -> None:
    if _buckets(found) == buckets:
        return
    with found.update_spec() as update:
        for field in found.spec().fields:
            update.remove_field(field.name)
        update.add_field(column, BucketTransform(buckets), _bucket_field(column, buckets))


def _buckets(found: IcebergTable) -> int:
    return next((f.transform.num_buckets for f in found.spec().fields if isinstance(f.transform, BucketTransform)), 1)


def _struct(schema: T.StructType, ids: count[int]) -> I.StructType:
    return I.StructType(
        *(I.NestedField(next(ids), field.name, _type(field.dataType, ids), required=False) for field in schema.fields)
    )


def _type(found: T.DataType, ids: count[int]) -> I.IcebergType:
    if isinstance(found, T.StructType):
        return _struct(found, ids)
    if isinstance(found, T.ArrayType):
        return I.ListType(next(ids), _type(found.elementType, ids), element_required=False)
    if isinstance(found, T.DecimalType):
        return I.DecimalType(found.precision, found.scale)
    return _PRIMITIVES[type(found)]


def _spelled(found: I.IcebergType) -> str:
    """Spell a type without the numbers of its fields, which differ from table to table."""
    if isinstance(found, I.StructType):
        return f"struct<{', '.join(f'{field.name}: {_spelled(field.field_type)}' for field in found.fields)}>"
    if isinstance(found, I.ListType):
        return f"list<{_spelled(found.element_type)}>"
    return str(found)
