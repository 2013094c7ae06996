"""Publish a run though a check has failed, by a person's decision.

    python -m scripts.publish RUN_DATE=YYYY-MM-DD REASON="..." [LAKE=lake]

It is the last run of the date, which must have made an answer. The report, which is written, says who decided so and
why.
"""

from __future__ import annotations

import getpass
import json
import sys
from datetime import UTC, date, datetime
from typing import Any

from upath import UPath

from include import run_lock
from include.publishing import Decision, publish_run
from include.records import STAGES
from include.report.build import build_report
from scripts import arguments
from scripts.terminal import console, plain, sentence, short
from spark_jobs.lake.errors import LockedError
from spark_jobs.shared.documents import read_record
from spark_jobs.shared.errors import DataError, MissingRecordError
from spark_jobs.shared.lake import Lake


class PublishError(RuntimeError):
    """There is nothing to publish, or no reason; the message says what to do."""


def main() -> None:
    """Publish, write the report and say where it is; exit with 1 and a sentence if that fails."""
    try:
        lake, run_date, reason = read_arguments()
        report = publish(lake, run_date, reason)
    except (PublishError, arguments.ArgumentError, DataError, LockedError, OSError) as error:
        console.print(f"[bold red]Not published:[/] {plain(sentence(error))}")
        sys.exit(1)
    console.print(f"Published {run_date}, as {getpass.getuser()} decided: {plain(reason)}")
    console.print(f"Report: {short(UPath(report) / 'report.html')}")


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
    return arguments.lake_of(given), run_date, reason


def publish(lake: Lake, run_date: date, reason: str) -> str:
    """Publish the last run of a date and return the directory of its report; raises PublishError or a DataError."""
    records = [_record(lake, stage, run_date) for stage in STAGES]
    run_ids = {record["run_id"] for record in records}
    if len(run_ids) > 1:
        raise PublishError(
            f"the stages of {run_date} are of different runs ({', '.join(sorted(run_ids))}): its last run stopped "
            "before it had an answer. Mark the failed check as a success in Airflow, and the run goes on"
        )
    (run_id,) = run_ids
    snapshots = {table: snapshot for record in records for table, snapshot in record["snapshots"].items()}
    decision = Decision(getpass.getuser(), datetime.now(UTC).isoformat(timespec="seconds"), reason)
    # Not the run's own name: while that goes on, nobody else publishes it.
    holder = f"make publish of {run_id}"
    run_lock.take(lake, holder)
    try:
        publish_run(lake, run_date, run_id, snapshots, decision)
        return build_report(lake, run_date, _parameters(records), dict.fromkeys(STAGES))
    finally:
        run_lock.release(lake, holder)


def _record(lake: Lake, stage: str, run_date: date) -> dict[str, Any]:
    try:
        return read_record(lake, stage, run_date)
    except (MissingRecordError, json.JSONDecodeError):
        raise PublishError(
            f"no run of {run_date} in {lake.root} has got as far as {stage}: there is no answer to publish. Mark the "
            "failed check as a success in Airflow, and the run goes on"
        ) from None


def _parameters(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the stages' records say of the run's parameters; of the checks' own they know nothing."""
    return {name: value for record in records for name, value in record["parameters"].items()}


if __name__ == "__main__":
    main()
