"""An operator that runs a Great Expectations checkpoint on tables of the lake."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowFailException

from include.telemetry.metrics import check_measurements, send
from plugins.run_metrics import measurements_sent
from plugins.spark_operator import SparkOperator
from plugins.stage_clock import stage_clock
from plugins.stage_costs import stage_costs
from spark_jobs.shared.commands import how_to_type
from spark_jobs.shared.lake import Lake

if TYPE_CHECKING:
    from airflow.sdk import Context
    from pyspark.sql import SparkSession

    from include.expectations.checkpoint import CheckpointResult
    from include.expectations.table import Table
    from spark_jobs.shared.records import CheckRecord

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """What a check looks at: snapshots by table, and what the function that looks at them is told."""

    snapshots: dict[str, int]
    facts: dict[str, str]


class CheckpointOperator(SparkOperator):
    """Run the checkpoint of one table: the task is named `check_<table>`, and include/expectations/find.py knows how.

    It looks at the `snapshots` of this run, by table, whatever else is published. `facts` go to the function that looks
    at the table. The result is kept as JSON among the run's records,
    what Spark measured beside it, and in the Data Docs of the lake. A failed expectation that is critical fails the
    task for good: the same data would fail again. Others are a line in the log, and the report says what they mean for
    the answer.
    """

    template_fields = (*SparkOperator.template_fields, "run_date", "snapshots", "facts")

    def __init__(self, *, run_date: str, snapshots: dict[str, str], facts: dict[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.run_date, self.snapshots, self.facts = run_date, snapshots, facts

    def execute(self, context: Context) -> None:
        """Check the tables; raises AirflowFailException that names every failed expectation."""
        from include.runs import run_lock

        run_lock.take(self.lake, context["run_id"])
        # It takes seconds, in which Python would only wait for Java to start.
        threading.Thread(target=import_great_expectations).start()
        # A template gives text.
        snapshots = {name: int(snapshot) for name, snapshot in self.snapshots.items()}
        asked = Asked(snapshots, self.facts)
        day, connection = date.fromisoformat(self.run_date), BaseHook.get_connection(self.conn_id)
        with (
            measurements_sent(self.task_id, self.lake, day),
            stage_costs(self.task_id, self.lake, day, connection.extra_dejson, self.session_of(context)) as settings,
            stage_clock(context),
            self.spark(context, f"{self.task_id} {day}", settings) as spark,
        ):
            check_tables(spark, self.task_id, self.lake, day, asked)


def import_great_expectations() -> None:
    """Import what checks, without a word; where another thread does so already, wait for that."""
    # It tells about each function of its own that it registers, some hundred lines before the first check.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    import_module("include.expectations.checkpoint")
    import_module("include.expectations.find")


def check_tables(spark: SparkSession, check: str, lake: Lake, run_date: date, asked: Asked) -> None:
    """Validate the tables, keep the results, and raise AirflowFailException if a critical expectation is not met.

    An expectation that could not be checked raises CheckError, which is worth a retry.
    """
    import_great_expectations()
    from include.expectations import checkpoint
    from include.expectations.find import tables_of
    from spark_jobs.shared.errors import DataError

    look_at = tables_of(lake.contract, check.removeprefix("check_"))
    try:
        _check_there(lake, run_date, asked.snapshots)
        found = look_at(spark, lake, run_date, asked.snapshots, **asked.facts)
    except DataError as error:
        raise AirflowFailException(f"{check} failed for run date {run_date}: {error}") from None
    results = _validated(check, found, lake, run_date)
    record = checkpoint.keep_results(check, results, lake, run_date, asked.snapshots)
    # Before it can fail the task: those of a failed check are what somebody looks for.
    send(check_measurements(check, record), lake.log)
    _judge(record, lake)
    # Only now: a column that is not there can be no other check's error, and trying again would not bring it.
    for result in results:
        checkpoint.raise_for_errors(result)
    log.info("%s passed for run date %s", check, run_date)


def _check_there(lake: Lake, run_date: date, snapshots: dict[str, int]) -> None:
    from spark_jobs.shared.errors import MissingRecordError

    with lake.catalog.open() as catalog:
        made = {name: catalog.load_table((lake.log, name)) for name in snapshots}
    if gone := [name for name, snapshot in snapshots.items() if not made[name].snapshot_by_id(snapshot)]:
        raise MissingRecordError(f"maintenance has removed what it wrote to {', '.join(gone)}: run {run_date} again")


def _validated(check: str, tables: list[Table], lake: Lake, run_date: date) -> list[CheckpointResult]:
    """Return the result of each table, which is a page of the Data Docs, too."""
    from include.deployment.settings import settings
    from include.expectations import checkpoint, data_docs

    results = []
    with data_docs.on_disk(lake.data_docs()) as site:
        for table in tables:
            data_docs.prune(site, table.suite.name, keep=settings().data_docs_runs - 1)
            results.append(checkpoint.run_checkpoint(check, table, run_date, str(site)))
    return results


def _judge(record: CheckRecord, lake: Lake) -> None:
    """Log what is not met; raise AirflowFailException if it is critical and no person has accepted it."""
    from include.runs import acceptance

    check, run_date = record.stage, record.run_date
    for claim in record.info:
        log.info("flag: %s", claim)
    for claim in record.warning:
        log.warning("%s: the answer will be marked as degraded: %s", check, claim)
    if refused := acceptance.not_accepted(lake, run_date, record.critical):
        raise AirflowFailException(
            f"{check} failed for run date {run_date}: {'; '.join(refused)}. "
            "The run stops here: nothing of it is published, and earlier reports stand. "
            f"{how_to_look(lake, run_date, record.snapshots)}; see also {lake.data_docs()}/index.html"
        )
    for claim in record.critical:
        log.warning("%s: a person has accepted this for %s: %s", check, run_date, claim)


def how_to_look(lake: Lake, run_date: date, snapshots: dict[str, int]) -> str:
    """Say what to type to see what a run has written, though it is not published: the rejected records, by reason.

    >>> how_to_look(Lake("/lake", "listening"), date(2009, 5, 4), {"top_songs": 7}).partition(" SQL=")[2]
    "'SELECT * FROM top_songs LIMIT 20'"
    """
    asked = "reason, count(*) FROM rejected_records GROUP BY reason"
    if "rejected_records" not in snapshots:
        asked = f"* FROM {next(iter(snapshots))} LIMIT 20"
    of_run = {"LOG": lake.log, "LAKE": lake.root, "RUN_DATE": str(run_date)}
    query = how_to_type("query", **of_run, PUBLISHED="no", SQL=f"SELECT {asked}")
    return f"To look at what it wrote: {query}"
