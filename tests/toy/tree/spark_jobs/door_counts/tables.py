"""The tables of the answers of a log of doors."""

from __future__ import annotations

from pyspark.sql import types as T

from spark_jobs.lake.tables import Table

DOOR_COUNTS = Table("door_counts", T.StructType().add("door", "string").add("passages", "long"))
TABLES = (DOOR_COUNTS,)
