"""The rules of a passage, by the names that its contract has for them."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.shared.rules import Rules

DOORS = ("FRONT", "BACK")


def parse(lines: DataFrame) -> DataFrame:
    """Split each line into its fields; `door` is null where it is none that there is."""
    fields = lines.withColumn("fields", F.split("line", "\t"))
    time, badge, door = (F.get("fields", F.lit(place)) for place in range(3))
    return fields.withColumns(
        {
            "passed_at": time.try_cast("timestamp"),
            "badge": badge,
            "door": F.when(door.isin(*DOORS), door),
            "told_door": door,
        }
    )


def reasons(run_date: date) -> dict[str, Column]:
    """Return when a line is rejected for each reason."""
    passed_at = F.col("passed_at")
    return {
        "field_count": F.size("fields") != 3,
        "missing_badge": F.col("badge") == "",
        "invalid_time": passed_at.isNull() | (passed_at >= F.lit(run_date) + F.expr("INTERVAL 2 DAYS")),
    }


def warnings() -> dict[str, Column]:
    """Return when a passage is counted for each warning."""
    return {"unknown_door": F.coalesce(~F.col("told_door").isin("", *DOORS), F.lit(False))}


RULES = {"passages": Rules(parse, reasons, warnings)}
