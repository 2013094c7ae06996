"""Publish a run though a check has failed, by a person's decision.

    python -m scripts.publish RUN_DATE=YYYY-MM-DD REASON="..." [LAKE=lake]

It is the last run of the date. If that has made an answer, it is published, and its report is written. If it stopped
before, the claims of its failed check are accepted: the next run of the date passes them, and so does this one where it
is cleared. Either way the report says who decided so and why.
"""

from __future__ import annotations

import getpass
import json
import shlex
import sys
from datetime import UTC, date, datetime
from typing import Any

from upath import UPath

from include import run_lock
from include.acceptance import accept
from include.publishing import Decision, publish_run
from include.records import CHECKS, STAGES
from include.report.build import build_report
from include.run_date import DAG_ID
from scripts import arguments
from scripts.terminal import console, plain, sentence, short
from spark_jobs.lake.errors import LockedError
from spark_jobs.shared.documents import read_record
from spark_jobs.shared.errors import DataError, MissingRecordError
from spark_jobs.shared.lake import Lake

Record = dict[str, Any]


class PublishError(RuntimeError):
    """There is nothing to publish, or no reason; the message says what to do."""


def main() -> None:
    """Publish and say where the report is, or accept and say how the run goes on; exit with 1 and a sentence if not."""
    try:
        lake, run_date, reason = read_arguments()
        decision = Decision(getpass.getuser(), datetime.now(UTC).isoformat(timespec="seconds"), reason)
        for line in decide(lake, run_date, decision):
            # In one line each, to be copied.
            console.print(plain(line), soft_wrap=True)
    except (PublishError, arguments.ArgumentError, DataError, LockedError, OSError) as error:
        console.print(f"[bold red]Not published:[/] {plain(sentence(error))}")
        sys.exit(1)


def read_arguments() -> tuple[Lake, date, str]:
    """Return the lake, the run date and the reason; raises PublishError."""
    given = arguments.read("publish", "RUN_DATE", "REASON", paths=("LAKE",))
    text, reason = given.get("RUN_DATE", ""), given.get("REASON", "").strip()
    try:
        run_date = date.fromisoformat(text)
    except ValueError:
        raise PublishError(f"RUN_DATE: found {text!r}, allowed is a date as YYYY-MM-DD") from None
    if not reason:
        raise PublishError("REASON: found none, allowed is a sentence: it will be in the report")
    return arguments.existing_lake(given), run_date, reason


def decide(lake: Lake, run_date: date, decision: Decision) -> list[str]:
    """Publish the last run of a date, or let it go on; return what to tell. Raises PublishError or a DataError."""
    records = {stage: _record(lake, stage, run_date) for stage in STAGES}
    first = records["data_quality"]
    if not first:
        raise PublishError(f"no run of {run_date} in {lake.root} has written anything: run it first")
    of_last_run = [record for record in records.values() if record and record["run_id"] == first["run_id"]]
    if len(of_last_run) == len(STAGES):
        report = publish(lake, run_date, of_last_run, decision)
        return [
            f"Published {run_date}, as {decision.by} decided: {decision.reason}",
            f"Report: {short(UPath(report) / 'report.html')}",
        ]
    claims = _failed(lake, run_date, first)
    if not claims:
        raise PublishError(
            f"the last run of {run_date} has no answer, and no check of it has failed: its task log says why it stopped"
        )
    accept(lake, run_date, claims, decision)
    return [
        f"Accepted for {run_date}, as {decision.by} decided: {'; '.join(claims)}",
        "The run has no answer yet, so nothing is published. It goes on where the check is cleared:",
        f"    airflow tasks clear --yes --only-failed --start-date {run_date} --end-date {run_date} {DAG_ID}",
        "After make run, run it again, with its other arguments as they were:",
        f"    make run {' '.join(_words(lake, run_date, first))}",
    ]


def publish(lake: Lake, run_date: date, records: list[Record], decision: Decision) -> str:
    """Publish the snapshots that the records of all stages tell of; return the directory of the report."""
    run_id = records[0]["run_id"]
    snapshots = {table: snapshot for record in records for table, snapshot in record["snapshots"].items()}
    # What the stages say of the run's parameters; of the checks' own they know nothing.
    parameters = {name: value for record in records for name, value in record["parameters"].items()}
    # Not the run's own name: while that goes on, nobody else publishes it.
    with run_lock.held(lake, f"make publish of {run_id}"):
        publish_run(lake, run_date, run_id, snapshots, decision, over_newer=True)
        return build_report(lake, run_date, parameters, dict.fromkeys(STAGES))


def _failed(lake: Lake, run_date: date, first: Record) -> list[str]:
    """Return the critical claims of the checks that looked at what the last run wrote."""
    checks = [_record(lake, check, run_date) for check in CHECKS]
    listens = first["snapshots"]["listens"]
    return [
        claim
        for check in checks
        if check and check["snapshots"].get("listens") == listens
        for claim in check["critical"]
    ]


def _words(lake: Lake, run_date: date, first: Record) -> list[str]:
    given = {"RUN_DATE": str(run_date), "LAKE": lake.root, "INPUT": first["parameters"]["input_path"]}
    return [f"{name}={shlex.quote(value)}" for name, value in given.items()]


def _record(lake: Lake, stage: str, run_date: date) -> Record | None:
    try:
        return read_record(lake, stage, run_date)
    except (MissingRecordError, json.JSONDecodeError):
        return None


if __name__ == "__main__":
    main()
