"""How a job runs as an application: its session, and the exit code that tells whether trying again can help."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from pyspark.sql import SparkSession

from spark_jobs.shared.errors import DataError
from spark_jobs.shared.session import spark_session

# The code sysexits.h gives to input data that is incorrect; argparse exits with 2.
EXIT_DATA_ERROR = os.EX_DATAERR


def run_application(name: str, run: Callable[[SparkSession], dict[str, Any]]) -> dict[str, Any]:
    """Run a job in its own Spark session and return its record; a DataError ends the process with code 65."""
    try:
        with spark_session(name) as spark:
            return run(spark)
    except DataError as error:
        print(f"ERROR {name}: {error}", file=sys.stderr)
        sys.exit(EXIT_DATA_ERROR)
