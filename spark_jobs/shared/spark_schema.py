"""The Spark schema of the accepted records of a contract."""

from __future__ import annotations

from pyspark.sql import types as T

from spark_jobs.contract import ROW_KEY, UNNAMED_FIELDS, Records
from spark_jobs.fields import Day, Field, Integer, Items, Money, Time, Type

# Of money: what a sum of many amounts needs is the answers' business.
_LONGEST_INTEGER = 2**31
_BESIDE = (T.StructField(ROW_KEY, T.LongType()), T.StructField(UNNAMED_FIELDS, T.ArrayType(T.StringType())))


def spark_schema(records: Records) -> T.StructType:
    """Return the columns of the accepted records: the contract's fields in their order, and what is kept beside."""
    fields = _struct(records.fields).fields
    if records.has_row_key:
        fields = [*fields, *_BESIDE]
    return T.StructType(fields)


def _struct(fields: tuple[Field, ...]) -> T.StructType:
    return T.StructType([T.StructField(field.column, _type(field.type)) for field in fields])


def _type(found: Type) -> T.DataType:
    match found:
        case Time():
            return T.TimestampType()
        case Day():
            return T.DateType()
        case Integer(highest=highest):
            return T.IntegerType() if highest < _LONGEST_INTEGER else T.LongType()
        case Money(digits=digits, decimals=decimals):
            return T.DecimalType(digits + decimals, decimals)
        case Items(fields=fields):
            return T.ArrayType(_struct(fields))
        case _:
            return T.StringType()
