"""Run the DAG on a listening log through `airflow dags test`, and show the answer.

Its arguments, as make passes them: INPUT, LAKE, RUN_DATE, LOAD, SESSION_GAP_MINUTES, TOP_SESSIONS, TOP_SONGS,
WINDOW_DAYS, MIN_QUALITY_SCORE, ALTERNATIVES, PROFILES. Exits with 1 when the run fails, and with 128 + n at signal n.
"""

from __future__ import annotations

import json
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from rich.table import Table

from cli import arguments, inputs
from cli.environment import (
    PROJECT,
    RUN_HOME,
    airflow_environment,
    check_places,
    foreign_settings,
    prepare_database,
    sole_use,
)
from cli.mendable import CommandError, told_in_a_line
from cli.run_logs import log_of_new_run
from cli.secret_files import refuse_where_git_takes
from cli.services import Services
from cli.stages import show_stages
from cli.stopping import Stopped, stop_at_signals
from cli.terminal import console, last_error, plain, short, show_left_aside
from include.deployment import parameters
from include.deployment.run_date import DAG_ID, last_days
from include.deployment.settings import settings
from include.report import news
from include.report.listening.model import ListeningReport
from include.report.listening.words import NOUNS
from include.runs import daily_base, input_check, run_lock
from spark_jobs.shared import loads
from spark_jobs.shared.documents import read_document
from spark_jobs.shared.lake import Lake

AIRFLOW = "airflow"
VARIABLES = {
    "LOAD": "load",
    "SESSION_GAP_MINUTES": "session_gap_minutes",
    "TOP_SESSIONS": "top_sessions",
    "TOP_SONGS": "top_songs",
    "WINDOW_DAYS": "window_days",
    "MIN_QUALITY_SCORE": "minimum_quality_score",
    "ALTERNATIVES": "alternatives",
}


@dataclass(frozen=True)
class Run:
    """What was asked for: the run date, the lake, and the DAG's parameters."""

    run_date: date
    lake: Lake
    parameters: dict[str, Any]


def main(words: Sequence[str] | None = None) -> None:
    """Run, and exit with 1 and a word on what to do if that fails."""
    stop_at_signals()
    try:
        with told_in_a_line("The run failed"):
            check_places(RUN_HOME)
            # Airflow keeps keys of its own there.
            refuse_where_git_takes(RUN_HOME / "airflow.cfg")
            run = read_arguments(words)
            started = time.monotonic()
            with sole_use(RUN_HOME, waiting="Another run is under way: waiting for it to end ..."):
                run_dag(run)
            show_answer(run, time.monotonic() - started)
    except Stopped as stop:
        console.print("Stopped; what the run had not published yet is not in the lake.")
        sys.exit(stop.exit_code)


def read_arguments(words: Sequence[str] | None = None) -> Run:
    """Read and check the arguments; without INPUT the sample log is the input.

    Raises CommandError, ArgumentError, or a DataError of input, lake or the log to add to, each in about a second.
    """
    given = arguments.read("run", "RUN_DATE", *VARIABLES, paths=("INPUT", "LAKE", "PROFILES"), words=words)
    run_date = arguments.run_date_of(given) if "RUN_DATE" in given else datetime.now(UTC).date()
    if run_date < inputs.FIRST_RUN_DATE:
        raise CommandError(f"RUN_DATE: found {run_date}, allowed is {inputs.FIRST_RUN_DATE} or later, as for listens")

    values: dict[str, Any] = {parameter: _value(given[name]) for name, parameter in VARIABLES.items() if name in given}
    if values.get("window_days") == "all":
        values["window_days"] = None
    if "PROFILES" in given:
        values["profiles_path"] = inputs.absolute(given["PROFILES"])
    lake = inputs.lake_of(given)
    input_path = inputs.input_or_sample(given, lake, run_date)
    run = Run(run_date, lake, {"input_path": input_path, **values})
    faults = parameters.faults(run.parameters)
    if faults:
        raise CommandError("; ".join(faults))
    is_daily = run.parameters.get("load", settings().listening.load) == loads.DAILY
    input_check.check_input(input_path, Path("/"), run.lake, run_date, may_be_empty=is_daily)
    if is_daily:
        daily_base.check_base(run.lake, run_date)
    return run


def run_dag(run: Run) -> None:
    """Run the DAG and show each stage as it goes; everything Airflow and Spark say goes into a log file.

    Raises CommandError with the last error of the log when the run fails.
    """
    # Whoever can start this can read any file anyway: the input root is for those who reach Airflow from outside.
    environment = airflow_environment(RUN_HOME, run.lake.root, Path("/"), run.parameters["input_path"])
    show_left_aside(foreign_settings(environment))
    # Each run of Airflow's has an id of its own. Those of this clone come one after the other, so that the next one
    # may go on where one was killed.
    environment[run_lock.HOLDER] = holder = f"make run of {PROJECT} with {RUN_HOME} on {socket.gethostname()}"
    # A date alone would be midnight in the time zone that Airflow takes for its own.
    command = ["airflow", "dags", "test", DAG_ID, f"{run.run_date}T00:00:00Z", "--conf", json.dumps(run.parameters)]
    services = Services()
    # Not left to the run, which would try again for minutes while another one has the lock.
    run_lock.take(run.lake, holder)
    try:
        prepare_database(environment)
        log = log_of_new_run(RUN_HOME / "logs", run.run_date)
        console.print(f"Run date {run.run_date}, log of the run: {plain(short(log))}")
        services.launch(AIRFLOW, command, environment, log)
        show_stages(lines_said(services, log))
    finally:
        # As Ctrl-C does: the first ends the stage, the second the wait for its next try. A run that has ended by itself
        # has left nothing.
        for number in (signal.SIGINT, signal.SIGINT, signal.SIGKILL):
            services.end(services.processes, number, 2.5)
        run_lock.release(run.lake, holder)
    if services.processes[AIRFLOW].returncode != 0:
        raise CommandError(f"{last_error(log)}\nAll that was said: {short(log)}")


def show_answer(run: Run, seconds: float) -> None:
    """Print the songs, the quality score, the stages' seconds and where the report lies."""
    directory = run.lake.report(run.run_date)
    report = read_document(directory / "report.json", ListeningReport, f"run {run.run_date} again")
    days = report.parameters["window_days"]
    started = f" that started {last_days(days)}" if isinstance(days, int) else ""
    which = f"{len(report.top_sessions)} longest sessions{started}"
    songs = Table(title=f"Top songs of the {which}", title_justify="left")
    for column in ("Rank", "Artist", "Song", "Plays", "Sessions", "Listeners"):
        songs.add_column(column, justify="left" if column in ("Artist", "Song") else "right")
    for song in report.top_songs:
        songs.add_row(*(plain(str(value)) for value in song.model_dump().values()))
    console.print(songs)

    counts = report.counts
    if report.profiles_problem:
        console.print(f"[bold yellow]Warning:[/] who listens is left out: {plain(report.profiles_problem)}")
    for claim in report.degraded_because:
        console.print(f"[bold yellow]Degraded:[/] {plain(claim)}")
    console.print(
        f"Quality score {report.quality_score:.2f}: of {counts.records_read:,} lines {counts.events_accepted:,} kept, "
        f"{counts.records_rejected:,} rejected; {'the log has ' if report.new else ''}"
        f"{counts.sessions:,} sessions of {counts.users:,} users"
    )
    if said := news.sentences(report, NOUNS):
        console.print(f"New: {' '.join(said)}")
    stages = ", ".join(f"{stage} {spent:.0f}" for stage, spent in report.stage_seconds.items())
    console.print(f"Seconds: {seconds:.0f} ({stages})")
    console.print(f"Report: {short(directory / 'report.html')}")


def lines_said(services: Services, log: Path) -> Iterator[str]:
    """Yield each line of the log as it is written, until Airflow has ended; raises Stopped at a signal."""
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
            services.pause(0.2)


def _value(text: str) -> bool | int | float | str:
    """What a text stands for; the text itself if that is nothing, for the parameter's schema to refuse."""
    if text in ("yes", "no"):
        return text == "yes"
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        return text
    return int(float(text)) if float(text).is_integer() else float(text)


if __name__ == "__main__":
    main()
