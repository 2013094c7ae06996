"""Judge the lines given as JSON on standard input by the Connect server of SPARK_REMOTE; print the columns and plan."""

from __future__ import annotations

import contextlib
import io
import json
import sys

from pyspark.sql import functions as F

from spark_jobs.logs.shop.rules import RULES
from spark_jobs.shared.session import spark_session
from tests.spark_jobs.logs.shop.records import judge


def main() -> None:
    lines = [bytes.fromhex(line) for line in json.load(sys.stdin)]
    with spark_session("masking") as spark:
        rows = [row.asDict(recursive=True) for _, row in judge(spark, "events", lines)]
        plan = io.StringIO()
        with contextlib.redirect_stdout(plan):
            RULES["events"].parse(spark.range(1).select(F.lit("{}").alias("line"))).explain("extended")
        json.dump({"rows": rows, "plan": plan.getvalue()}, sys.stdout)


if __name__ == "__main__":
    main()
