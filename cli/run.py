"""Run the DAG of a log through `airflow dags test`, and show the answer."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import BadParameter

from cli import inputs
from cli.dag_run import Run, run_dag
from cli.environment import RUN_HOME, check_places, sole_use
from cli.errors import CommandError, told_in_a_line
from cli.options import DEFAULT_LAKE, DEFAULT_LOG, RUN_DATE, LakeRoot, LogName
from cli.parameter_options import given_values, with_options
from cli.secret_files import refuse_where_git_takes
from cli.stopping import Stopped, stop_at_signals
from cli.terminal import console, plain, short
from spark_jobs.shared import loads
from spark_jobs.shared.lake import Lake

if TYPE_CHECKING:
    from include.report.model import RunReport


def main_of(log: str) -> Callable[..., None]:
    """Return the command for a log: each of the log's parameters is an option."""
    with told_in_a_line("The run failed"):
        return with_options(main, log)


def main(
    input_: Annotated[str, inputs.INPUT] = "",
    run_date: Annotated[date | None, RUN_DATE] = None,
    log: LogName = DEFAULT_LOG,
    lake: LakeRoot = DEFAULT_LAKE,
    **parameters: Any,
) -> None:
    """Run the DAG of a log for a run date, today's if none is given, and show the answer.

    Exits with 1 when the run fails, and with 128 + n at signal n.
    """
    stop_at_signals()
    try:
        with told_in_a_line("The run failed"):
            check_places(RUN_HOME)
            # Airflow keeps keys of its own there.
            refuse_where_git_takes(RUN_HOME / "airflow.cfg")
            run = checked(run_date, input_, inputs.lake_of(lake, log), given_values(parameters))
            started = time.monotonic()
            with sole_use(RUN_HOME, waiting="Another run is under way: waiting for it to end ..."):
                run_dag(run)
            show_answer(run, time.monotonic() - started)
    except Stopped as stop:
        console.print("Stopped; what the run had not published yet is not in the lake.")
        sys.exit(stop.exit_code)


def checked(run_date: date | None, input_path: str, lake: Lake, given: dict[str, Any]) -> Run:
    """Return what is to be run; without an input the sample log is the input.

    Raises BadParameter, CommandError, or a DataError of input, lake or the log to add to, each in about a second.
    """
    from include.deployment import parameters
    from include.runs import daily_base, input_check

    day = run_date or datetime.now(UTC).date()
    if day < (first := inputs.first_run_date(lake.contract)):
        allowed = f"found {day}, allowed is {first} or later, as for events of {lake.log}"
        raise BadParameter(allowed, param_hint="'--run-date'")
    path = inputs.input_or_sample(input_path, lake, day)
    run = Run(day, lake, {"input_path": path, **given})
    if faults := parameters.faults(lake.log, run.parameters):
        raise CommandError("; ".join(faults))
    load = run.parameters.get("load", parameters.schemas(lake.log)["load"]["default"])
    found = input_check.check_input(path, Path("/"), lake, day, may_be_empty=load == loads.DAILY)
    if load == loads.DAILY:
        daily_base.check_base(lake, day)
    return replace(run, text_bytes=found.text_bytes)


def show_answer(run: Run, seconds: float) -> None:
    """Print the log's answer, why it is degraded, the stages' seconds and where the report lies."""
    directory = run.lake.report(run.run_date)
    # A log shows its answer as its own module says.
    report: RunReport = import_module(f"cli.answers.{run.lake.log}").show(directory / "report.json")
    for claim in report.degraded_because:
        console.print(f"[bold yellow]Degraded:[/] {plain(claim)}")
    stages = ", ".join(f"{stage} {spent:.0f}" for stage, spent in report.stage_seconds.items())
    console.print(f"Seconds: {seconds:.0f} ({stages})")
    console.print(f"Report: {short(directory / 'report.html')}")
