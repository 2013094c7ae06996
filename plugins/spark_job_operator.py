"""An operator that submits one job of `spark_jobs`, its code included."""

from __future__ import annotations

import hashlib
import re
import signal
import tempfile
import zipfile
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowFailException

from include.deployment import spark_pool
from include.deployment.java_environment import UTF_8
from include.deployment.spark_connect import ConnectSession, session_of, session_settings
from include.deployment.spark_secrets import secrets_of, write_properties
from include.runs.records import keep_record_of_try
from include.telemetry.live_counts import counts_told
from include.telemetry.records_read import OfEventLog, of_session
from plugins.run_metrics import measurements_sent
from plugins.spark_operator import settings_of
from plugins.spark_submit_hook import ConnectSubmitHook
from plugins.stage_clock import stage_clock
from plugins.stage_costs import stage_costs
from spark_jobs.shared.documents import DATA_QUALITY
from spark_jobs.shared.lake import Lake

if TYPE_CHECKING:
    from airflow.providers.apache.spark.hooks.spark_submit import SparkSubmitHook
    from airflow.sdk import Context

PROJECT = Path(__file__).resolve().parents[1]
# argparse found a bad argument; the job found bad data (see spark_jobs/shared/application.py).
EXIT_CODES_NO_RETRY_MENDS = (2, 65)
JOBS_OWN_WORDS = re.compile(r"^ERROR |\.py: error: ")


# SIGKILL of spark-submit, which is the driver's Java, or of the Python below it.
KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)


class SparkJobError(Exception):
    """The job failed; another try may mend it."""


class SparkJobOperator(SparkSubmitOperator):
    """Submit `spark_jobs/<job>/job.py` with the package zipped beside it, so that no worker needs the repository.

    Everything about the cluster comes from the connection: the master is its host, and every key of its extra
    that starts with `spark.` becomes a Spark setting (memory, jars, JVM options). Spark writes an event log into the
    lake, unless the connection says otherwise, and what it measured is kept beside the record of the `run_date`. Where
    the host is `sc://…` the job is the client of a Spark Connect server: `session_settings` are all that it can change.

    The job writes its record to a path that no other try knows. Once it has ended well that is the stage's record, and
    the task returns `{"snapshots": {table: id}}`: what of the tables the stage made.
    """

    template_fields = (*SparkSubmitOperator.template_fields, "run_date")

    def __init__(
        self,
        *,
        job: str,
        lake: Lake,
        run_date: str,
        conn_id: str = "spark_default",
        **kwargs: Any,
    ) -> None:
        application = str(PROJECT / "spark_jobs" / job / "job.py")
        super().__init__(application=application, conn_id=conn_id, env_vars=UTF_8, pool=spark_pool.NAME, **kwargs)
        self.lake, self.run_date = lake, run_date
        self.session: ConnectSession | None = None

    def execute(self, context: Context) -> dict[str, dict[str, int]]:  # type: ignore[override]
        """Run the job to its end and return its snapshots; a failure that no retry can mend fails the task at once."""
        from include.runs import run_lock

        run_lock.take(self.lake, context["run_id"])
        run_date = date.fromisoformat(self.run_date)
        record = self.lake.try_record(self.task_id, run_date)
        self.application_args = [
            *(self.application_args or []),
            *("--run-id", context["run_id"]),
            *("--record", str(record)),
        ]
        try:
            with measurements_sent(self.task_id, self.lake, run_date):
                self._submit(context, run_date)
                made = keep_record_of_try(record, self.lake, self.task_id, run_date)
        finally:
            record.unlink(missing_ok=True)
        return {"snapshots": made.snapshots}

    def _submit(self, context: Context, run_date: date) -> None:
        # Without this look-up the provider takes a missing connection for a YARN cluster.
        connection = BaseHook.get_connection(self._conn_id)
        self.session = session_of(connection, context)
        if self.session:
            given = session_settings(connection)
        else:
            places = (self.lake.root, *(self.application_args or ()))
            given = settings_of(connection, self.lake, *places) | (self.conf or {})
        costs = stage_costs(self.task_id, self.lake, run_date, given, self.session)
        with (
            tempfile.TemporaryDirectory() as scratch,
            costs as settings,
            self._counts(run_date, settings),
            stage_clock(context),
        ):
            secrets = secrets_of(given)
            self.conf = {key: value for key, value in {**given, **settings}.items() if key not in secrets}
            self.properties_file = write_properties(secrets, Path(scratch) / "secrets.conf") if secrets else None
            self.py_files = str(zip_package(PROJECT / "spark_jobs", Path(scratch)))
            try:
                if self.session:
                    self.session.begin()
                super().execute(context)
            except Exception as error:
                self._end_session()
                raise self._told(error) from None
            finally:
                self._close_output()

    def _counts(self, run_date: date, settings: dict[str, str]) -> AbstractContextManager[None]:
        """Return what tells while data_quality runs what it has read, accepted and rejected."""
        if self.task_id != DATA_QUALITY:
            return nullcontext()
        if self.session is None:
            return counts_told(self.task_id, self.lake, run_date, OfEventLog(settings))
        read = partial(of_session, self.session.ui, self.session.id) if self.session.ui else lambda: None
        return counts_told(self.task_id, self.lake, run_date, read)

    def _told(self, error: Exception) -> Exception:
        """Return an error in the job's own words, which fails the task for good where no retry can mend it."""
        code = self._exit_code()
        lines = self._hook._last_submit_log_lines if self._hook else []
        said = [line for line in lines if JOBS_OWN_WORDS.search(line)]
        if code in EXIT_CODES_NO_RETRY_MENDS:
            return AirflowFailException(said[-1] if said else str(error))
        if said:
            return SparkJobError(said[-1])
        if code in KILLED:
            return SparkJobError(
                f"{self.task_id} was killed from outside (SIGKILL), by somebody or for want of memory: dmesg "
                "tells of the latter. Nothing of this try was published; the next one starts from nothing"
            )
        return error

    def _close_output(self) -> None:
        """Close what spark-submit said, which the provider leaves to the garbage collector."""
        process = self._hook._submit_sp if self._hook else None
        if process and process.stdout:
            process.stdout.close()

    def on_kill(self) -> None:
        """End the job, and what it has asked of a server."""
        super().on_kill()
        self._end_session()

    def _end_session(self) -> None:
        if self.session:
            self.session.end()

    def _get_hook(self) -> SparkSubmitHook:
        if self.session is None:
            return super()._get_hook()
        return ConnectSubmitHook(
            self.session.url,
            conf=self.conf or {},
            conn_id=self._conn_id,
            py_files=self.py_files,
            name=self.name,
            application_args=self.application_args,
            env_vars=self.env_vars,
            properties_file=self.properties_file,
        )

    def _exit_code(self) -> int | None:
        """What spark-submit ended with, None if it was not started."""
        return self._hook._submit_sp.returncode if self._hook and self._hook._submit_sp else None


def zip_package(package: Path, directory: Path) -> Path:
    """Zip the Python files of a package, named after what is in them."""
    sources = sorted(package.rglob("*.py"))
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]
    archive = directory / f"{package.name}-{digest}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as code:
        for source in sources:
            code.write(source, source.relative_to(package.parent))
    return archive
