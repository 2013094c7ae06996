"""A person's word that a run goes on though a check fails: it holds for what the check has found, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from include.publishing import Decision
from include.records import CHECKS
from spark_jobs.shared.documents import read_record, write_record
from spark_jobs.shared.errors import MissingRecordError
from spark_jobs.shared.lake import Lake

STAGE = "accepted"


def accept(lake: Lake, run_date: date, claims: Sequence[str], decision: Decision) -> None:
    """Let runs of a date pass checks that fail with just these claims; those accepted before stay so."""
    before = _accepted(lake, run_date)["claims"]
    kept = [*before, *(claim for claim in claims if claim not in before)]
    record = {"stage": STAGE, "run_date": str(run_date), "claims": kept, "decision": asdict(decision)}
    write_record(lake.stage_record(STAGE, run_date), record)


def not_accepted(lake: Lake, run_date: date, claims: Sequence[str]) -> list[str]:
    """Return the claims that nobody has accepted for a date. One has what was found in it: other data, other claim."""
    accepted = {_without_examples(claim) for claim in _accepted(lake, run_date)["claims"]}
    return [claim for claim in claims if _without_examples(claim) not in accepted]


def decision_on(lake: Lake, run_date: date) -> Decision | None:
    """Return who let the last run of a date pass its checks; None where it needed nobody for that."""
    claims = [claim for check in CHECKS for claim in read_record(lake, check, run_date)["critical"]]
    if not_accepted(lake, run_date, claims):
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return Decision("a user of Airflow", now, "a failed check was marked as a success there")
    return Decision(**_accepted(lake, run_date)["decision"]) if claims else None


def _accepted(lake: Lake, run_date: date) -> dict[str, Any]:
    try:
        return read_record(lake, STAGE, run_date)
    except MissingRecordError:
        return {"claims": []}


def _without_examples(claim: str) -> str:
    # Which of many rows are named may differ from try to try.
    return claim.partition(", such as ")[0]
