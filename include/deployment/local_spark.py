"""The Spark of one machine: how its Java starts and collects, and the two connections of Airflow that reach it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]

GARBAGE_COLLECTOR = "-XX:+UseParallelGC"
# A run lasts a minute or two, and Java's second compiler competes with it for the cores: that compiles what is eight
# times as hot as Java would have it.
SECOND_COMPILER_LATER = (
    "-XX:Tier4InvocationThreshold=40000 -XX:Tier4MinInvocationThreshold=5000 "
    "-XX:Tier4CompileThreshold=100000 -XX:Tier4BackEdgeThreshold=200000"
)
# Made by cli/class_archive.py; where it is not, Java says nothing and loads classes as ever.
CLASS_ARCHIVE = PROJECT / ".build" / "spark-classes.jsa"
# In quotes, for there may be a space in the path, or a quote. Spark splits options as a shell does.
WITH_CLASS_ARCHIVE = (
    f"{shlex.quote(f'-XX:SharedArchiveFile={CLASS_ARCHIVE}')} "
    # With other jars on its class path, Java would warn of it on its output.
    "-Xlog:cds=off -Xlog:cds+dynamic=off"
)

SETTINGS = {
    # All of a run fits into 4 GiB: this, the job that asks Spark, and Airflow.
    "spark.driver.memory": "1536m",
    # What a job keeps on disk it writes with a tenth less memory than by Java's own serializer.
    "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
    "spark.driver.extraJavaOptions": f"{GARBAGE_COLLECTOR} {SECOND_COMPILER_LATER} {WITH_CLASS_ARCHIVE}",
    # Rows that a job keeps stay in as many tasks as the shuffle that made them; by default that is 200. The one shuffle
    # of all records has a number of its own.
    "spark.sql.shuffle.partitions": "8",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.log.level": "WARN",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # Pages that are far apart, as those of chosen listens are, were read faster one after the other here.
    "spark.hadoop.parquet.hadoop.vectored.io.enabled": "false",
}
# A Spark of its own for each task, in the task's own processes.
EMBEDDED: dict[str, Any] = {"conn_type": "spark", "host": "local[*]", "extra": SETTINGS}


def warm(port: int, ui_port: int) -> dict[str, Any]:
    """Return the connection to the server of include/deployment/connect_server.py at these ports."""
    # By this name alone Spark's clients send their token without TLS.
    return {
        "conn_type": "spark",
        "host": "sc://localhost",
        "port": port,
        "extra": {"spark-ui": f"http://127.0.0.1:{ui_port}"},
    }
