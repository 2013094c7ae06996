"""Where the Java of a checkpoint writes its log."""

from __future__ import annotations

import subprocess
import sys

from cli.environment import airflow_environment
from tests.conftest import PROJECT

# As a task does, whose two outputs Airflow reads apart.
START_JAVA = """
import sys
from plugins.spark_operator import errors_on_output
from pyspark.sql import SparkSession
with errors_on_output():
    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
spark._jvm.java.lang.System.err.println("said by Java")
print("said by Python", file=sys.stderr)
spark.stop()
"""


def test_java_log_is_no_error_of_the_task() -> None:
    environment = airflow_environment(PROJECT / ".airflow" / "none", PROJECT, PROJECT, "log.tsv")
    done = subprocess.run(
        [sys.executable, "-c", START_JAVA], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == "said by Python\n"
    assert "WARN NativeCodeLoader" in done.stdout
    assert "said by Java" in done.stdout
