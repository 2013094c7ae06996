"""The Spark schema of the accepted records of a contract."""

from __future__ import annotations

from pyspark.sql import types as T

from spark_jobs.contract import Records
from spark_jobs.fields import Day, Field, Integer, Items, Money, Time, Type

# Of money: what a sum of many amounts needs is the answers' business.
_LONGEST_INTEGER = 2**31


def spark_schema(records: Records) -> T.StructType:
    """Return the columns of the accepted records, in the order of the contract's fields."""
    return _struct(records.fields)


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
