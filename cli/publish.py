"""Publish a run though a check has failed, by a person's decision.

    python -m cli.publish RUN_DATE=YYYY-MM-DD REASON="..." [LAKE=lake]

It is the last run of the date. If that has made an answer, it is published, and its report is written. If it stopped
before, the claims of its failed check are accepted: the next run of the date passes them, and so does this one where it
is cleared. Either way the report says who decided so and why.
"""

from __future__ import annotations

import getpass
import shlex
from contextlib import suppress
from datetime import UTC, date, datetime

from upath import UPath

from cli import arguments
from cli.mendable import CommandError, told_in_a_line
from cli.terminal import console, plain, short
from include.report.build import build_report
from include.runs import run_lock
from include.runs.acceptance import Decision, accept
from include.runs.publishing import publish_run
from include.runs.records import CHECKS, STAGES, LastRun, last_run
from spark_jobs.shared.commands import how_to_type
from spark_jobs.shared.documents import read_record
from spark_jobs.shared.errors import MissingRecordError
from spark_jobs.shared.lake import Lake


def main() -> None:
    """Publish and say where the report is, or accept and say how the run goes on; exit with 1 and a sentence if not."""
    with told_in_a_line("Not published"):
        lake, run_date, reason = read_arguments()
        decision = Decision(getpass.getuser(), datetime.now(UTC).isoformat(timespec="seconds"), reason)
        for line in decide(lake, run_date, decision):
            # In one line each, to be copied.
            console.print(plain(line), soft_wrap=True)


def read_arguments() -> tuple[Lake, date, str]:
    """Return the lake, the run date and the reason; raises ArgumentError or CommandError."""
    given = arguments.read("publish", "RUN_DATE", "REASON", paths=("LAKE",))
    run_date, reason = arguments.run_date_of(given), given.get("REASON", "").strip()
    if not reason:
        raise CommandError("REASON: found none, allowed is a sentence: it will be in the report")
    return arguments.existing_lake(given), run_date, reason


def decide(lake: Lake, run_date: date, decision: Decision) -> list[str]:
    """Publish the last run of a date, or let it go on; return what to tell. Raises CommandError or a DataError."""
    run = last_run(lake, run_date)
    if len(run.records) == len(STAGES):
        report = publish(lake, run_date, run, decision)
        return [
            f"Published {run_date}, as {decision.by} decided: {decision.reason}",
            f"Report: {short(UPath(report) / 'report.html')}",
        ]
    claims = _failed(lake, run_date, run)
    if not claims:
        raise CommandError(
            f"the last run of {run_date} has no answer, and no check of it has failed: {run.stopped}; its task log "
            "says why it stopped"
        )
    accept(lake, run_date, claims, decision)
    quality = run.records["data_quality"]
    again = how_to_type("run", RUN_DATE=str(run_date), LAKE=lake.root, INPUT=quality["parameters"]["input_path"])
    return [
        f"Accepted for {run_date}, as {decision.by} decided: {'; '.join(claims)}",
        "The run has no answer yet, so nothing is published. It goes on where the check is cleared:",
        f"    {how_to_clear(lake.log, quality['run_id'])}",
        "After make run, run it again, with its other arguments as they were:",
        f"    {again}",
    ]


def how_to_clear(log: str, run_id: str) -> str:
    """Return the command that lets one run of a log's DAG go on where it failed; it may have no logical date."""
    return f"airflow dags clear --yes --only-failed --run-id {shlex.quote(run_id)} {log}"


def publish(lake: Lake, run_date: date, run: LastRun, decision: Decision) -> str:
    """Publish the snapshots of a run whose stages have all ended; return the directory of the report."""
    run_id = run.records["data_quality"]["run_id"]
    # What the stages say of the run's parameters; of the checks' own they know nothing.
    parameters = {name: value for record in run.records.values() for name, value in record["parameters"].items()}
    # Not the run's own name: while that goes on, nobody else publishes it.
    with run_lock.held(lake, f"make publish of {run_id}"):
        publish_run(lake, run_date, run_id, run.snapshots, decision, over_newer=True)
        return build_report(lake, run_date, parameters, dict.fromkeys(STAGES))


def _failed(lake: Lake, run_date: date, run: LastRun) -> list[str]:
    """Return the critical claims of the checks that looked at what the last run wrote."""
    claims: list[str] = []
    for check in CHECKS:
        with suppress(MissingRecordError):
            record = read_record(lake, check, run_date)
            claims += record["critical"] if record["snapshots"].items() <= run.snapshots.items() else []
    return claims


if __name__ == "__main__":
    main()
