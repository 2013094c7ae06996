"""An operator that runs a Great Expectations checkpoint on tables of the lake."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.providers.apache.spark.operators.spark_pyspark import PySparkOperator
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.module_loading import import_string

from include.event_logs import figures_kept
from include.jars import spark_jars
from include.java_environment import UTF_8_EXECUTORS, java_in_utf_8
from include.metrics import check_figures, send
from include.spark_secrets import hide_secrets
from plugins.run_metrics import figures_sent
from plugins.stage_clock import stage_clock
from spark_jobs.shared.commands import how_to_type
from spark_jobs.shared.lake import Lake

if TYPE_CHECKING:
    from airflow.sdk import Context
    from pyspark.sql import SparkSession

log = logging.getLogger(__name__)

# A checkpoint counts rows and holds those of one user at a time. In `airflow dags test` its Java stays, idle, beside
# that of the next job: with the jobs' 2 GiB each, a run would need more than 4 GiB.
DRIVER_MEMORY = "1g"


class CheckpointOperator(PySparkOperator):
    """Run the checkpoint named like the task on some tables of the lake.

    `tables` is the dotted name of a function, for the DAG must not import Great Expectations when it is parsed;
    called with `(spark, lake, run_date, snapshots, **facts)` it returns the tables and their suites. It looks at the
    `snapshots` of this run, by table, whatever else is published. Spark is started from the connection, in the task's
    own process. The result is kept as JSON among the run's records, Spark's own figures
    beside it, and in the Data Docs of the lake. A failed expectation that is critical fails the task for good: the same
    data would fail again. Others are a line in the log, and the report says what they mean for the answer.
    """

    def __init__(
        self,
        *,
        tables: str,
        lake: Lake,
        run_date: str,
        snapshots: dict[str, str],
        facts: dict[str, Any],
        conn_id: str = "spark_default",
        **kwargs: Any,
    ) -> None:
        facts = {"snapshots": snapshots, **facts}
        arguments = {"tables": tables, "lake_root": lake.root, "run_date": run_date, "facts": facts}
        super().__init__(
            python_callable=check_tables, op_kwargs={"check": kwargs["task_id"], **arguments}, conn_id=conn_id, **kwargs
        )

    def execute(self, context: Context) -> None:
        """Check the tables; raises AirflowFailException that names every failed expectation."""
        from spark_jobs.shared.session import SETTINGS

        # It takes seconds, in which Python would only wait for Java to start.
        threading.Thread(target=import_great_expectations).start()
        lake, run_date = Lake(self.op_kwargs["lake_root"]), date.fromisoformat(self.op_kwargs["run_date"])
        connection = BaseHook.get_connection(str(self.conn_id))
        extra = connection.extra_dejson
        with (
            figures_sent(self.task_id, lake, run_date),
            figures_kept(self.task_id, lake, run_date, extra) as settings,
            stage_clock(context),
        ):
            ours = {"spark.app.name": f"{self.task_id} {run_date}", "spark.driver.memory": DRIVER_MEMORY}
            ours |= spark_jars(lake.root, master=connection.host or "", connection=extra)
            ours |= UTF_8_EXECUTORS | lake.catalog.spark_settings()
            self.config_kwargs = {**SETTINGS, **settings, **hide_secrets(extra), **ours, **self.config_kwargs}
            with ExitStack() as while_java_starts:
                while_java_starts.enter_context(java_in_utf_8())
                while_java_starts.enter_context(errors_on_output())
                self.python_callable = calling_first(while_java_starts.close, check_tables)
                super().execute(context)


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


def calling_first(first: Callable[[], None], function: Callable[..., None]) -> Callable[..., None]:
    """Return a function of the same signature that calls `first` before `function`."""

    @wraps(function)
    def both(**arguments: Any) -> None:
        first()
        function(**arguments)

    return both


def import_great_expectations() -> None:
    """Import what checks, without a word; where another thread does so already, wait for that."""
    # It tells about each function of its own that it registers, some hundred lines before the first check.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    import_module("include.checkpoint")


def check_tables(
    spark: SparkSession, *, check: str, tables: str, lake_root: str, run_date: str, facts: dict[str, Any]
) -> None:
    """Validate the tables, keep the results, and raise AirflowFailException if a critical expectation is not met.

    An expectation that could not be checked raises CheckError, which is worth a retry.
    """
    import_great_expectations()
    from include import acceptance, checkpoint, data_docs
    from include.settings import settings
    from spark_jobs.shared.errors import DataError

    lake, day = Lake(lake_root), date.fromisoformat(run_date)
    # A template gives text.
    snapshots = {name: int(snapshot) for name, snapshot in facts["snapshots"].items()}
    try:
        found = import_string(tables)(spark, lake, day, **{**facts, "snapshots": snapshots})
    except DataError as error:
        raise AirflowFailException(f"{check} failed for run date {day}: {error}") from None
    results = []
    with data_docs.on_disk(lake.data_docs()) as site:
        for table in found:
            data_docs.prune(site, table.suite.name, keep=settings().data_docs_runs - 1)
            results.append(checkpoint.run_checkpoint(check, table, day, str(site)))
    record = checkpoint.keep_results(check, results, lake, day, snapshots)
    # Before it can fail the task: those of a failed check are what somebody looks for.
    send(check_figures(check, record))
    for claim in record["info"]:
        log.info("flag: %s", claim)
    for claim in record["warning"]:
        log.warning("%s: the answer will be marked as degraded: %s", check, claim)
    if refused := acceptance.not_accepted(lake, day, record["critical"]):
        raise AirflowFailException(
            f"{check} failed for run date {day}: {'; '.join(refused)}. "
            "The run stops here: nothing of it is published, and earlier reports stand. "
            f"{how_to_look(lake, day, snapshots)}; see also {lake.data_docs()}/index.html"
        )
    for claim in record["critical"]:
        log.warning("%s: a person has accepted this for %s: %s", check, day, claim)
    # Only now: a column that is not there can be no other check's error, and trying again would not bring it.
    for result in results:
        checkpoint.raise_for_errors(result)
    log.info("%s passed for run date %s", check, day)


def how_to_look(lake: Lake, run_date: date, snapshots: dict[str, int]) -> str:
    """Say what to type to see what a run has written, though it is not published: the rejected records, by reason.

    >>> how_to_look(Lake("/lake"), date(2009, 5, 4), {"top_songs": 7}).partition(" SQL=")[2]
    "'SELECT * FROM top_songs LIMIT 20'"
    """
    asked = "reason, count(*) FROM rejected_records GROUP BY reason"
    if "rejected_records" not in snapshots:
        asked = f"* FROM {next(iter(snapshots))} LIMIT 20"
    query = how_to_type("query", LAKE=lake.root, RUN_DATE=str(run_date), PUBLISHED="no", SQL=f"SELECT {asked}")
    return f"To look at what it wrote: {query}"
