"""One run of a DAG through `airflow dags test`, shown as it goes."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from cli.environment import PROJECT, RUN_HOME, airflow_environment, foreign_settings, prepare_database
from cli.errors import CommandError
from cli.run_logs import log_of_new_run, of_spark
from cli.services import Services
from cli.spark_server import SparkServer, end_server, new_server
from cli.stages import show_stages
from cli.terminal import console, last_error, plain, short, show_left_aside
from include.deployment import compilers
from spark_jobs.shared.lake import Lake

AIRFLOW = "airflow"


@dataclass(frozen=True)
class Run:
    """A run that a person asks for: its run date, its lake, the DAG's parameters, about how many bytes there are."""

    run_date: date
    lake: Lake
    parameters: dict[str, Any]
    text_bytes: int = 0


def run_dag(run: Run) -> None:
    """Run the DAG and show each stage as it goes; everything Airflow and Spark say goes into a log file.

    Raises CommandError with the last error of the log when the run fails.
    """
    from include.runs import run_lock

    # A person who can start this can read any file. The input root is for those who reach Airflow from outside.
    spark = new_server()
    environment = airflow_environment(
        RUN_HOME, run.lake.root, Path("/"), run.parameters["input_path"], run.lake.log, spark.connection
    )
    environment |= spark.exports
    show_left_aside(foreign_settings(environment))
    # Each run of Airflow's has an id of its own. Those of this clone come one after the other, so that the next one
    # may go on where one was killed.
    environment[run_lock.HOLDER] = holder = f"make run of {PROJECT} with {RUN_HOME} on {socket.gethostname()}"
    # A date alone would be midnight in the time zone that Airflow takes for its own.
    midnight = f"{run.run_date}T00:00:00Z"
    command = ["airflow", "dags", "test", run.lake.log, midnight, "--conf", json.dumps(run.parameters)]
    services = Services()
    # Not left to the run, which would try again for minutes while another one has the lock.
    run_lock.take(run.lake, holder)
    try:
        prepare_database(environment)
        log = log_of_new_run(RUN_HOME / "logs", run.run_date)
        console.print(f"Run date {run.run_date}, log of the run: {plain(short(log))}")
        spark.launch(services, environment, of_spark(log), run.lake, compilers.java_options(run.text_bytes))
        services.launch(AIRFLOW, command, environment, log)
        show_stages(lines_said(services, log, spark))
    finally:
        # As Ctrl-C does: the first ends the stage, the second the wait for its next try. A run that has ended by itself
        # has left nothing. The server ends before it, so that nothing goes on there if it takes its time.
        services.end(services.processes.keys() & {AIRFLOW}, signal.SIGINT, 2.5)
        end_server(services)
        for number in (signal.SIGINT, signal.SIGKILL):
            services.end(services.processes.keys() & {AIRFLOW}, number, 2.5)
        run_lock.release(run.lake, holder)
    if services.processes[AIRFLOW].returncode != 0:
        raise CommandError(f"{last_error(log)}\nAll that was said: {short(log)}")


def lines_said(services: Services, log: Path, spark: SparkServer) -> Iterator[str]:
    """Yield each line of the log as it is written, until Airflow has ended.

    Raises Stopped at a signal, ServiceError when Spark's server has given up.
    """
    line = ""
    with log.open(encoding="utf-8", errors="replace") as said:
        while True:
            has_ended = services.processes[AIRFLOW].poll() is not None
            while part := said.readline():
                line += part
                if line.endswith("\n"):
                    yield line
                    line = ""
            if has_ended:
                return
            spark.check(services)
            services.pause(0.2)
