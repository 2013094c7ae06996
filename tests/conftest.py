"""All tests share one Spark session, and scratch directories that look like a deployment's."""

from __future__ import annotations

import atexit
import logging
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from pyspark.sql import SparkSession
from xdist.scheduler import LoadFileScheduling

from cli.java import java_home
from include.deployment.compilers import ONE_COMPILER
from include.deployment.jars import LAKE, S3, Jar, local_jars
from include.deployment.local_spark import WITH_CLASS_ARCHIVE
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.session import spark_session
from tests.object_store import ObjectStore
from tests.object_store import object_store as serve_objects

if TYPE_CHECKING:
    from tests.connect_server import ConnectServer
    from tests.warm_server import WarmServer

PROJECT = Path(__file__).resolve().parents[1]

# For a JVM with little to do: compiling well, or collecting in parallel, would take the cores its work needs.
QUICK_JVM = f"-XX:+UseSerialGC {ONE_COMPILER} {WITH_CLASS_ARCHIVE}"

# Airflow reads these when it is first imported, and must meet neither the user's own Airflow nor a real lake.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-")
atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["PIPELINE_LAKE"] = f"{os.environ['AIRFLOW_HOME']}/lake"

# It reports each closed connection, at exit to streams that pytest has closed by then.
logging.getLogger("py4j").setLevel(logging.WARNING)

# An example costs a dozen Spark jobs, three seconds. So every run tries a few, and a run with time tries many
# (HYPOTHESIS_PROFILE=thorough). The few are the same each time, so that a change fails only by its own fault. The many
# find new faults.
COMMON = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
}
settings.register_profile("default", max_examples=6, derandomize=True, **COMMON)
settings.register_profile("thorough", max_examples=60, derandomize=False, print_blob=True, **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


# One worker runs these: they share servers, and a machine has the memory for one of each.
SHARE_SERVERS = (
    "/test_make_run.py",
    "/test_adding_a_log.py",
    "/test_over_connect.py",
    "/lake/test_connect.py",
    "/test_connect_costs.py",
)
# Each worker takes one file after the other. These come first, the longest of them first of all, so that in the end no
# worker alone has one left.
TAKE_LONG = (
    *SHARE_SERVERS,
    "/test_killed_over_connect.py",
    "/test_with_a_scheduler.py",
    "/test_connect_clients.py",
    "/test_connect_server.py",
    "/test_stopped_run.py",
    "/end_to_end/test_shop.py",
    "/end_to_end/test_notes.py",
    "/test_agreement.py",
    "/test_masking.py",
    "/shop/test_rules.py",
    "/session_analysis/test_active_time.py",
    "/test_daily_loads.py",
    "/test_killed_daily_load.py",
    "/test_clock_and_zone.py",
    "/test_definitions.py",
    "/listening/test_checks.py",
    "/test_maintenance.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of files that take long before all others, in the order of the list."""
    places = {name: place for place, name in enumerate(TAKE_LONG)}

    def place(item: pytest.Item) -> int:
        return min((places[name] for name in places if str(item.path).endswith(name)), default=len(places))

    items.sort(key=place)


class SharingServers(LoadFileScheduling):
    """Gives each worker whole files, and one of them all files that share servers."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "those that share servers" if file.endswith(SHARE_SERVERS) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharingServers | None:
    return SharingServers(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The jobs' own session on two local cores, without the UI and with few shuffle partitions."""
    scratch = tmp_path_factory.mktemp("spark")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("JAVA_HOME", str(java_home(PROJECT / ".java")))
        environment.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        # assertDataFrameEqual loads pandas-on-Spark, which warns without it.
        environment.setenv("PYARROW_IGNORE_TIMEZONE", "1")
        # In this order the class path is that of the archive of classes: it begins as that does.
        environment.setenv("SPARK_DIST_CLASSPATH", class_path(S3))
        options = ["--master", "local[2]", "--driver-class-path", shlex.quote(class_path(LAKE))]
        options += ["--driver-java-options", shlex.quote(QUICK_JVM)]
        for key, value in {
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.log.level": "ERROR",
            "spark.sql.shuffle.partitions": "2",
            # Many tests run the same jobs: what was compiled for one is there for all, and not only the last hundred.
            "spark.sql.codegen.cache.maxEntries": "10000",
            # Nobody looks at the plans of a UI that is off.
            "spark.sql.ui.explainMode": "simple",
            # It computes the rows of a small frame as it plans, and not as those of a log are.
            "spark.sql.optimizer.excludedRules": "org.apache.spark.sql.catalyst.optimizer.ConvertToLocalRelation",
            "spark.local.dir": str(scratch),
        }.items():
            options += ["--conf", f"{key}={value}"]
        environment.setenv("PYSPARK_SUBMIT_ARGS", " ".join([*options, "pyspark-shell"]))
        with spark_session("tests") as session:
            # Another Java that a test starts has what the test gives it.
            environment.delenv("SPARK_DIST_CLASSPATH")
            yield session


def class_path(jars: Sequence[Jar]) -> str:
    return os.pathsep.join(map(str, local_jars(jars)))


@pytest.fixture(scope="session")
def spark_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectServer]:
    """A Spark Connect server for all tests that ask one and leave it as it is."""
    # It imports this module.
    from tests.connect_server import connect_server

    with connect_server(tmp_path_factory.mktemp("spark_server")) as server:
        yield server


@pytest.fixture(scope="session")
def warm_spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmServer]:
    """The server of `make run`, without the run: for runs of which the server's own life is not what is tested."""
    from tests.warm_server import QUICK, warm_server

    with warm_server(tmp_path_factory.mktemp("warm_spark"), *QUICK) as server:
        yield server


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake."""
    return Lake(str(tmp_path / "lake"), "listening")


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """A real S3 server for all tests that want one; each writes below a name of its own."""
    with serve_objects(tmp_path_factory.mktemp("object_store") / "log") as store:
        yield store
