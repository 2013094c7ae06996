"""A person's word that a run goes on though a check fails: it holds for what the check has found, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

from spark_jobs.shared.commands import how_to_type
from spark_jobs.shared.documents import read_document, write_record
from spark_jobs.shared.errors import DataError, MissingRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.publication_record import Decision
from spark_jobs.shared.records import CheckRecord, Document

STAGE = "accepted"


class Accepted(Document):
    """The claims that were accepted for a run date, each with the decision on it."""

    decisions: dict[str, Decision]


class UncheckedError(DataError):
    """A check could not look at what it was to check, and nobody has decided that the run counts all the same."""


def accept(lake: Lake, run_date: date, claims: Iterable[str], decision: Decision) -> None:
    """Let runs of a date pass checks that fail with just these claims; one accepted before keeps its decision."""
    decisions = dict.fromkeys(claims, decision) | _accepted(lake, run_date)
    write_record(lake.stage_record(STAGE, run_date), Accepted(decisions=decisions))


def not_accepted(lake: Lake, run_date: date, claims: Iterable[str]) -> list[str]:
    """Return the claims that nobody has accepted for a date. One has what was found in it: other data, other claim."""
    accepted = _by_finding(_accepted(lake, run_date))
    return [claim for claim in claims if _without_examples(claim) not in accepted]


def decision_on(
    lake: Lake, run_date: date, checks: Sequence[CheckRecord], now: Decision | None = None
) -> Decision | None:
    """Return who let a run pass its checks, all of them as one; None where their records needed nobody for that.

    `now` is a person's who publishes it, whatever nobody has accepted; without it, raises UncheckedError where a check
    could not be made.
    """
    if now is None:
        _refuse_errors(lake, run_date, checks)
    at = datetime.now(UTC).replace(microsecond=0)
    marked = Decision(by="a user of Airflow", at=at, reason="a failed check was marked as a success there")
    accepted = _by_finding(_accepted(lake, run_date))
    claims = [claim for record in checks for claim in record.critical]
    decisions = {accepted.get(_without_examples(claim)) or now or marked for claim in claims}
    return _together(decisions | {now} if now else decisions)


def _refuse_errors(lake: Lake, run_date: date, checks: Sequence[CheckRecord]) -> None:
    for check, error in ((record.stage, error) for record in checks for error in record.errors):
        publish = how_to_type("publish", LOG=lake.log, LAKE=lake.root, RUN_DATE=str(run_date), REASON="...")
        raise UncheckedError(
            f"{check} of {run_date} has not checked everything ({error}); nothing was published: clear {check}, or "
            f"decide that the run counts all the same: {publish}"
        )


def _together(decisions: Iterable[Decision]) -> Decision | None:
    """Return all decisions as one, of their people and reasons by time; None of none."""
    each = sorted(decisions, key=lambda decision: decision.at)
    people, reasons = dict.fromkeys(one.by for one in each), dict.fromkeys(one.reason for one in each)
    return Decision(by=", ".join(people), at=each[-1].at, reason="; ".join(reasons)) if each else None


def _accepted(lake: Lake, run_date: date) -> dict[str, Decision]:
    """Return the decision on each claim that was accepted for a date."""
    try:
        path = lake.stage_record(STAGE, run_date)
        return read_document(path, Accepted, f"remove it, and decide on {run_date} again").decisions
    except MissingRecordError:
        return {}


def _by_finding(accepted: Mapping[str, Decision]) -> dict[str, Decision]:
    return {_without_examples(claim): decision for claim, decision in accepted.items()}


def _without_examples(claim: str) -> str:
    # Which of many rows are named may differ from try to try.
    return claim.partition(", such as ")[0]
