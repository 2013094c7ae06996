"""Publish a run though a check has failed, by a person's decision."""

from __future__ import annotations

import getpass
import shlex
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

from typer import BadParameter, Option
from upath import UPath

from cli.errors import CommandError, told_in_a_line
from cli.options import DEFAULT_LAKE, DEFAULT_LOG, RUN_DATE, LakeRoot, LogName, existing_lake
from cli.terminal import console, plain, short
from include.runs.records import LastRun, last_run
from spark_jobs.shared.commands import how_to_type
from spark_jobs.shared.documents import read_check
from spark_jobs.shared.errors import MissingRecordError

if TYPE_CHECKING:
    from spark_jobs.shared.lake import Lake
    from spark_jobs.shared.publication_record import Decision


def main(
    run_date: Annotated[date, RUN_DATE],
    reason: Annotated[str, Option(help="Why: a sentence that will be in the report.")],
    log: LogName = DEFAULT_LOG,
    lake: LakeRoot = DEFAULT_LAKE,
) -> None:
    """Publish the last run of a date though a check has failed, or let it go on past the check.

    If the run has made an answer, the answer is published, and its report is written. If the run stopped before, the
    claims of its failed check are accepted: the next run of the date passes them. So does this run, once it is cleared.
    The report says who decided so and why.
    """
    if not reason.strip():
        raise BadParameter("found none, allowed is a sentence: it will be in the report", param_hint="'--reason'")
    with told_in_a_line("Not published"):
        from spark_jobs.shared.publication_record import Decision

        at = datetime.now(UTC).replace(microsecond=0)
        decision = Decision(by=getpass.getuser(), at=at, reason=reason.strip())
        for line in decide(existing_lake(lake, log), run_date, decision):
            # In one line each, to be copied.
            console.print(plain(line), soft_wrap=True)


def decide(lake: Lake, run_date: date, decision: Decision) -> list[str]:
    """Publish the last run of a date, or let it go on; return what to tell. Raises CommandError or a DataError."""
    from include.runs.acceptance import accept

    run = last_run(lake, run_date)
    if not run.stopped:
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
    given = {"LOG": lake.log, "LAKE": lake.root, "INPUT": run.quality.parameters.input_path}
    again = how_to_type("run", RUN_DATE=str(run_date), **given)
    return [
        f"Accepted for {run_date}, as {decision.by} decided: {'; '.join(claims)}",
        "The run has no answer yet, so nothing is published. It goes on where the check is cleared:",
        f"    {how_to_clear(lake.log, run.quality.run_id)}",
        "After make run, run it again, with its other arguments as they were:",
        f"    {again}",
    ]


def how_to_clear(log: str, run_id: str) -> str:
    """Return the command that lets one run of a log's DAG go on where it failed; it may have no logical date."""
    return f"airflow dags clear --yes --only-failed --run-id {shlex.quote(run_id)} {log}"


def publish(lake: Lake, run_date: date, run: LastRun, decision: Decision) -> str:
    """Publish the snapshots of a run whose stages have all ended; return the directory of the report."""
    from include.report.build import build_report
    from include.runs import run_lock
    from include.runs.publishing import publish_run

    run_id = run.quality.run_id
    # Not the run's own name: while that goes on, nobody else publishes it.
    with run_lock.held(lake, f"make publish of {run_id}"):
        publish_run(lake, run_date, run_id, run.snapshots, decision, over_newer=True)
        return build_report(lake, run_date, run.parameters, dict.fromkeys(lake.contract.stages))


def _failed(lake: Lake, run_date: date, run: LastRun) -> list[str]:
    """Return the critical claims of the checks that looked at what the last run wrote."""
    claims: list[str] = []
    for check in lake.contract.checks:
        with suppress(MissingRecordError):
            record = read_check(lake, check, run_date)
            claims += record.critical if record.snapshots.items() <= run.snapshots.items() else ()
    return claims
