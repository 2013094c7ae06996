"""The one select that every published table ends in."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import types as T

from spark_jobs.shared.errors import SchemaMismatchError


def conform(table: DataFrame, schema: T.StructType) -> DataFrame:
    """Select the schema's columns in its order; other columns are left behind.

    Raises SchemaMismatchError that lists every column missing or of another type.
    """
    bad_columns = faults(table, schema)
    if bad_columns:
        raise SchemaMismatchError(f"the table does not fit its schema; mend its last select: {'; '.join(bad_columns)}")
    return table.select(*schema.fieldNames())


def faults(table: DataFrame, schema: T.StructType) -> list[str]:
    """Tell every column of the schema that the table lacks or has in another type."""
    found = {field.name: field.dataType for field in table.schema.fields}
    return [
        f"{field.name}: found {_type_name(found.get(field.name))}, allowed {field.dataType.simpleString()}"
        for field in schema.fields
        if found.get(field.name) != field.dataType
    ]


def _type_name(found: T.DataType | None) -> str:
    return "no such column" if found is None else found.simpleString()
