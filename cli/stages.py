"""What the person who waits for a run sees of it: the stage, what it does, and how long it has been at it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cli.terminal import SPINNER, console

WORK = {
    "check_input": "looks whether there is a log to read and a lake to write",
    "data_quality": "Spark reads the log, and keeps or rejects every line",
    "check_listens": "Great Expectations looks at the listens",
    "session_analysis": "Spark cuts the listens into sessions",
    "check_sessions": "Great Expectations looks at the sessions",
    "ranking": "Spark ranks the sessions and their songs",
    "check_top_songs": "Great Expectations looks at the answer",
    "publish": "makes what was checked what readers see",
    "report": "writes the report",
    "release_lock": "lets other runs write the log",
}
# How `airflow dags test` tells where it is. The last comes every second while a stage waits for its next try, and once
# for each stage that a failed one keeps from running: what waits is `up_for_retry`.
_EVENT = re.compile(
    r"\[DAG TEST\] (?P<point>starting|end task) task_id=(?P<stage>\w+)"
    r"|(?P<failure>Task failed with exception)|(?P<pause>No tasks to run)(?P<again>.*\[up_for_retry\])?"
)


def show_stages(log: Iterable[str]) -> None:
    """Print a line for each stage as it ends; on a terminal show the one under way too, its clock ticking."""
    columns = (SpinnerColumn(SPINNER), TextColumn("{task.description}"), TimeElapsedColumn())
    failed, started = False, time.monotonic()
    with Progress(*columns, console=console, transient=True, disable=not console.is_interactive) as shown:
        now = shown.add_task("Airflow starts", total=None)
        shown.add_task("the whole run", total=None)
        for event in filter(None, map(_EVENT.search, log)):
            stage = event["stage"]
            if event["point"] == "starting":
                failed, started = False, time.monotonic()
                shown.reset(now, description=f"{stage}: {WORK.get(stage, 'runs')}")
            elif event["point"]:
                shown.print(f"  {stage:<18}{time.monotonic() - started:5.0f} s{'  failed' if failed else ''}")
                shown.reset(now, description="Airflow looks what is next")
            elif event["again"]:
                shown.update(now, description="waits to be tried again, which may mend it")
            elif event["pause"]:
                shown.update(now, description="has failed, and is not tried again: Airflow ends the run")
            else:
                failed = True
