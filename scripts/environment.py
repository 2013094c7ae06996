"""The environment in which this project's Airflow runs on one machine: for `make run`, `make ui` and the tests."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from scripts.java import java_home

PROJECT = Path(__file__).resolve().parents[1]

# Not the user's own AIRFLOW_HOME: what runs here must not meet another project's database. And one each for the runs of
# `airflow dags test` and for the UI, whose scheduler takes every run it finds in its database for its own.
_HOMES = Path(os.environ.get("LASTFM_AIRFLOW_HOME", PROJECT / ".airflow"))
RUN_HOME, UI_HOME = _HOMES / "run", _HOMES / "ui"

GARBAGE_COLLECTOR = "-XX:+UseParallelGC"
# A job lives for half a minute, and Java's second compiler competes with it for the cores: that compiles what is eight
# times as hot as Java would have it.
SECOND_COMPILER_LATER = (
    "-XX:Tier4InvocationThreshold=40000 -XX:Tier4MinInvocationThreshold=5000 "
    "-XX:Tier4CompileThreshold=100000 -XX:Tier4BackEdgeThreshold=200000"
)
# Made by scripts/class_archive.py; where it is not, Java says nothing and loads classes as ever.
CLASS_ARCHIVE = PROJECT / ".build" / "spark-classes.jsa"
# In quotes, for there may be a space in the path.
WITH_CLASS_ARCHIVE = f"'-XX:SharedArchiveFile={CLASS_ARCHIVE}'"

# The whole of what a deployment tells Spark: replace it by your own connection to run on a cluster.
SPARK_CONNECTION: dict[str, Any] = {
    "conn_type": "spark",
    "host": "local[*]",
    "extra": {
        "spark.driver.memory": "2g",
        "spark.driver.extraJavaOptions": f"{GARBAGE_COLLECTOR} {SECOND_COMPILER_LATER} {WITH_CLASS_ARCHIVE}",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.log.level": "WARN",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        # Pages that are far apart, as those of chosen listens are, were read faster one after the other here.
        "spark.hadoop.parquet.hadoop.vectored.io.enabled": "false",
    },
}


def airflow_environment(airflow_home: Path, lake: Path, input_root: Path, input_path: str) -> dict[str, str]:
    """Return this process's environment with all that Airflow, Spark and Great Expectations need added.

    Raises scripts.java.JavaError when there is no suitable Java and none can be installed.
    """
    ours = {
        "AIRFLOW_HOME": str(airflow_home.resolve()),
        # One process writes at a time: on a slow machine the others may have to wait longer than SQLite's five seconds.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{airflow_home.resolve()}/airflow.db?timeout=60",
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        # It tells of a killed task: that may take a minute, and it would be killed after 50 seconds.
        "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "120",
        "LASTFM_LAKE": str(lake.resolve()),
        "LASTFM_INPUT_ROOT": str(input_root.resolve()),
        "LASTFM_INPUT_PATH": input_path,
        "GX_ANALYTICS_ENABLED": "false",
        "JAVA_HOME": str(java_home(PROJECT / ".java")),
        "PYTHONPATH": str(PROJECT),
        # spark-submit is looked up there.
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
    }
    defaults = {
        "AIRFLOW_CONN_SPARK_DEFAULT": json.dumps(SPARK_CONNECTION),
        # Without it Spark looks for the machine's name in the network, and warns when that is a loopback address.
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    # Another Spark, or another Python to run it with, would be taken for ours.
    callers = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_HOME", "PYSPARK_"))}
    return {**defaults, **callers, **ours}


@contextmanager
def sole_use(airflow_home: Path, waiting: str | None = None) -> Iterator[None]:
    """Hold an Airflow home for this process alone.

    When another process holds it: say `waiting` and wait for that to end, or without it raise BlockingIOError.
    """
    airflow_home.mkdir(parents=True, exist_ok=True)
    with (airflow_home / "in-use").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting is None:
                raise
            print(waiting, flush=True)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def prepare_database(environment: dict[str, str]) -> None:
    """Create or upgrade Airflow's metadata database, once for each version of Airflow (it takes seconds)."""
    home = Path(environment["AIRFLOW_HOME"])
    done = home / f"database-of-airflow-{version('apache-airflow')}"
    if done.exists():
        return
    home.mkdir(parents=True, exist_ok=True)
    migration = subprocess.run(
        ["airflow", "db", "migrate"], env=environment, capture_output=True, text=True, check=False
    )
    if migration.returncode != 0:
        raise RuntimeError(
            f"airflow db migrate failed, the last it said:\n{(migration.stdout + migration.stderr)[-2000:]}"
        )
    done.touch()
