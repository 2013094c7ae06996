"""The environment in which this project's Airflow runs on one machine: for `make run`, `make ui` and the tests."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cli.java import java_home
from include.deployment import spark_pool
from include.deployment.jars import PROJECT, jars_for, local_jars
from include.deployment.local_spark import EMBEDDED

# In a PATH, in a database's URL, and in a configuration file.
MISREAD = (os.pathsep, "?", "%(")


class PlaceError(RuntimeError):
    """A directory has a name that Airflow would misread; the message says what to do."""


# Not the user's own AIRFLOW_HOME: what runs here must not meet another project's database. And one each for the runs of
# `airflow dags test` and for the UI, whose scheduler takes every run it finds in its database for its own.
_HOMES = Path(os.environ.get("PIPELINE_AIRFLOW_HOME") or PROJECT / ".airflow").expanduser().absolute()
RUN_HOME, UI_HOME = _HOMES / "run", _HOMES / "ui"
# The file of an Airflow home that says where its UI is.
UI_PORT = "port"
# And that of the Connect server that it has started.
SPARK_PORT = "spark-port"

# Of another Airflow's settings, those that do not decide what a run is: where its metrics go.
ALLOWED_SETTINGS = "AIRFLOW__METRICS__"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def airflow_environment(
    airflow_home: Path,
    lake: str | Path,
    input_root: str | Path,
    input_path: str,
    log: str = "listening",
    spark: Mapping[str, Any] = EMBEDDED,
) -> dict[str, str]:
    """Return this process's environment with all that Airflow, Spark and Great Expectations need added.

    `spark` is the connection to Spark, unless the caller's environment has one.

    Raises JavaError when there is no suitable Java and none can be installed, JarError when the lake's jars are not
    there and cannot be fetched.
    """
    local_jars(jars_for(str(lake), str(input_root), input_path))
    home = str(airflow_home.resolve())
    ours = {
        "AIRFLOW_HOME": home,
        # One process writes at a time: on a slow machine the others may have to wait longer than SQLite's five seconds.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db?timeout=60",
        **log_places(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": "utc",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        # It tells of a killed task: that may take a minute, and it would be killed after 50 seconds.
        "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "120",
        # Links in it stay: the tables say where they are by this path, and are opened by it.
        "PIPELINE_LAKE": str(lake) if "://" in str(lake) else os.path.abspath(lake),
        "PIPELINE_INPUT_ROOT": str(input_root) if "://" in str(input_root) else str(Path(input_root).resolve()),
        f"PIPELINE_{log.upper()}_INPUT_PATH": input_path,
        "GX_ANALYTICS_ENABLED": "false",
        "JAVA_HOME": str(java_home(PROJECT / ".java")),
        "PYTHONPATH": str(PROJECT),
        # A song may have letters that the locale lacks.
        "PYTHONIOENCODING": "utf-8:backslashreplace",
        # spark-submit is looked up there.
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
    }
    defaults = {
        "AIRFLOW_CONN_SPARK_DEFAULT": json.dumps(dict(spark)),
        # Without it Spark looks for the machine's name in the network, and warns when that is a loopback address.
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    # Another Spark, or another Python to run it with, would be taken for ours.
    left = foreign_settings(ours)
    callers = {
        name: value
        for name, value in os.environ.items()
        if name not in left and not name.startswith(("SPARK_HOME", "PYSPARK_"))
    }
    return {**defaults, **callers, **past_proxies(), **ours}


def log_places(home: str) -> dict[str, str]:
    """Return where Airflow's logs are by default too; but in a default, what follows a % is taken for a setting."""
    return {
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": f"{home}/logs",
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": f"{home}/logs/dag_processor",
    }


def foreign_settings(ours: Mapping[str, str]) -> list[str]:
    """Name this process's variables that are settings of another Airflow: not `ours`, and no connections."""
    return sorted(
        name
        for name, value in os.environ.items()
        if name in ("AIRFLOW_HOME", "AIRFLOW_CONFIG") or name.startswith("AIRFLOW__")
        if not name.startswith(ALLOWED_SETTINGS) and ours.get(name) != value
    )


def past_proxies() -> dict[str, str]:
    """Return the variables with which no program asks a proxy for what is on this machine; the caller's hosts stay."""
    names = ("no_proxy", "NO_PROXY")
    given = [host.strip() for name in names for host in os.environ.get(name, "").split(",")]
    # Beside others, the star is none for most programs.
    hosts = ["*"] if "*" in given else dict.fromkeys([*filter(None, given), *LOOPBACK])
    return dict.fromkeys(names, ",".join(hosts))


def check_places(airflow_home: Path) -> None:
    """Raise PlaceError where Airflow would misread the path of its home or of the clone; nothing is written before."""
    for place in (str(airflow_home.resolve()), str(PROJECT)):
        if os.path.expandvars(place) != place or any(sign in place for sign in MISREAD):
            raise PlaceError(
                f"{place} would be misread by Airflow; allowed is a path without {' '.join(MISREAD)} and without a $ "
                "before the name of a variable: move the clone, or choose another PIPELINE_AIRFLOW_HOME"
            )


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
    """Create or upgrade Airflow's metadata database, once for each version of Airflow (it takes seconds).

    The pool of the Spark tasks is made whenever it is not there: without it they would wait for ever.
    """
    home = Path(environment["AIRFLOW_HOME"])
    done = home / f"database-of-airflow-{version('apache-airflow')}"
    if not done.exists():
        home.mkdir(parents=True, exist_ok=True)
        _call(["airflow", "db", "migrate"], environment)
        done.touch()
    if not _has_pool(home / "airflow.db"):
        _call([sys.executable, "-m", "include.deployment.spark_pool"], environment)


def _call(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stdout + done.stderr)[-2000:]
        raise RuntimeError(f"{' '.join(command)} failed, the last it said:\n{said}")


def _has_pool(database: Path) -> bool:
    """Return whether the pool is there, without the seconds that Airflow takes to look."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True)) as found:
            return found.execute("SELECT 1 FROM slot_pool WHERE pool = ?", (spark_pool.NAME,)).fetchone() is not None
    except sqlite3.OperationalError:
        return False
    except sqlite3.DatabaseError:
        # Airflow itself tells what is wrong with it.
        return True
