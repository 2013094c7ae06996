"""A base for operators that start Spark in the task's own process."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook, BaseOperator

from include.deployment import spark_pool
from include.deployment.jars import spark_jars
from include.deployment.java_environment import UTF_8, UTF_8_EXECUTORS, variables
from include.deployment.spark_connect import ConnectSession, session_of, session_settings
from include.deployment.spark_secrets import hide_secrets, secrets_of, write_properties
from spark_jobs.shared.lake import Lake

if TYPE_CHECKING:
    from airflow.sdk import Connection, Context
    from pyspark.sql import SparkSession

# Such a task counts rows and holds few of them. In `airflow dags test` the Java of a check stays, idle, beside that of
# the next job: with the jobs' 1.5 GiB each, a run would not fit into 4 GiB.
DRIVER_MEMORY = "1g"


class SparkOperator(BaseOperator):
    """Start Spark in the task's own process, as a connection says: `with self.spark(…) as spark`.

    The host of the connection is a Spark Connect server, `sc://…`, whose client the task is. Any other host is the
    master of a Spark of the task's own, and each key of the extra that starts with `spark.` becomes a setting. So it is
    with the provider's PySparkOperator, but that shows all of them on Java's command line, secrets too.
    """

    template_fields: Sequence[str] = ("conf",)

    def __init__(
        self, *, lake: Lake, conf: dict[str, str] | None = None, conn_id: str = "spark_default", **kwargs: Any
    ) -> None:
        # Of a task that is mapped, the DAG says it.
        super().__init__(**{"pool": spark_pool.NAME, **kwargs})
        self.lake, self.conf, self.conn_id = lake, conf or {}, conn_id
        self.session: ConnectSession | None = None

    @contextmanager
    def spark(self, context: Context, name: str, settings: dict[str, str]) -> Iterator[SparkSession]:
        """Lend a session of Spark that knows the lake; `settings` are its own, above the connection's."""
        # Not above: the scheduler has no use for Spark.
        from spark_jobs.shared.session import spark_session

        connection = BaseHook.get_connection(self.conn_id)
        with ExitStack() as until_the_end:
            if session := self.session_of(context):
                session.begin()
                given = {"spark.remote": session.url} | session_settings(connection) | settings
                spark = until_the_end.enter_context(spark_session(name, self.lake, given))
            else:
                given = {"spark.master": _master(connection)} | settings_of(connection, self.lake, self.lake.root)
                given["spark.driver.memory"] = DRIVER_MEMORY
                secrets = secrets_of(given)
                shown = {key: value for key, value in given.items() if key not in secrets} | settings | self.conf
                with _java_starts_with(secrets):
                    spark = until_the_end.enter_context(spark_session(name, self.lake, shown))
            yield spark

    def session_of(self, context: Context) -> ConnectSession | None:
        """Return the task's session at a Connect server; None where it has a Spark of its own."""
        self.session = session_of(BaseHook.get_connection(self.conn_id), context)
        return self.session

    def on_kill(self) -> None:
        """End what the task has asked of a server; a Spark of its own ends with its process."""
        if self.session:
            self.session.end()


def settings_of(connection: Connection, lake: Lake, *places: str) -> dict[str, Any]:
    """Return what a connection tells Spark, and what Spark needs for a lake and for `places`; its logs hide secrets."""
    extra = connection.extra_dejson
    given = hide_secrets(extra) | {key: value for key, value in extra.items() if key.startswith("spark.")}
    given |= spark_jars(*places, master=connection.host or "", connection=extra)
    return given | UTF_8_EXECUTORS | lake.catalog.spark_settings()


def _master(connection: Connection) -> str:
    return f"{connection.host}:{connection.port}" if connection.port else connection.host or "local[*]"


@contextmanager
def _java_starts_with(secrets: dict[str, str]) -> Iterator[None]:
    """Have this process start its Java with settings that no command line shows, with UTF-8, and with no errors.

    In `airflow dags test` the next task finds this Java running, and it still has them.
    """
    with tempfile.TemporaryDirectory() as scratch:
        file = write_properties(secrets, Path(scratch) / "secrets.conf")
        arguments = f"--properties-file {shlex.quote(file)} pyspark-shell"
        with variables({"PYSPARK_SUBMIT_ARGS": arguments, **UTF_8}), errors_on_output():
            yield


@contextmanager
def errors_on_output() -> Iterator[None]:
    """Let a program that is started meanwhile write its standard error to the standard output of this process.

    Java writes all its log to standard error, and Airflow takes each line of a task's standard error for an error.
    """
    errors = os.dup(2)
    try:
        os.dup2(1, 2)
        yield
    finally:
        os.dup2(errors, 2)
        os.close(errors)
