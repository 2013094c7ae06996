"""Publish a run: readers see exactly the snapshots that its stages returned, and it is kept who decided so, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from include.records import read_record, write_record
from spark_jobs.lake.listening import ANSWER, NAMESPACE
from spark_jobs.lake.publication import Publication, publish
from spark_jobs.lake.published import Published
from spark_jobs.shared.lake import Lake

STAGE = "publish"
# The record of what a person has decided before there was an answer.
ACCEPTED = "accepted"


@dataclass(frozen=True)
class Decision:
    """A person's word that a run is published though no DAG run did it: who, when (UTC) and why."""

    by: str
    at: str
    reason: str


def publish_run(
    lake: Lake,
    run_date: date,
    run_id: str,
    snapshots: Mapping[str, int],
    decision: Decision | None = None,
    over_newer: bool = False,
) -> None:
    """Publish the snapshots of a run, and keep the decision if a person made one; doing it again changes nothing.

    `over_newer`: also where the date is published from newer ones. Raises ForeignSnapshotError or SupersededError, and
    publishes nothing then.
    """
    # First, for it says nothing until the run is published.
    said = {"run_id": run_id, "snapshots": dict(snapshots), "decision": asdict(decision) if decision else None}
    write_record(lake, STAGE, run_date, said)
    publication = Publication(NAMESPACE, run_date, run_id, snapshots, ANSWER.name, over_newer=over_newer)
    with lake.catalog.open() as catalog:
        publish(catalog, publication)


def accept(lake: Lake, run_date: date, claims: Sequence[str], decision: Decision) -> None:
    """Let runs of a date pass checks that fail with just these claims; those accepted before stay so."""
    before = _accepted(lake, run_date)["claims"]
    kept = [*before, *(claim for claim in claims if claim not in before)]
    write_record(lake, ACCEPTED, run_date, {"claims": kept, "decision": asdict(decision)})


def not_accepted(lake: Lake, run_date: date, claims: Sequence[str]) -> list[str]:
    """Return the claims that nobody has accepted for a date. One has what was found in it: other data, other claim."""
    accepted = {_without_examples(claim) for claim in _accepted(lake, run_date)["claims"]}
    return [claim for claim in claims if _without_examples(claim) not in accepted]


def decision_on(lake: Lake, run_date: date, checks: Sequence[str]) -> Decision | None:
    """Return who let the last run of a date pass its checks; None where it needed nobody for that."""
    if not any(read_record(lake, check, run_date)["critical"] for check in checks):
        return None
    return Decision(**_accepted(lake, run_date)["decision"])


def _accepted(lake: Lake, run_date: date) -> dict[str, Any]:
    try:
        return read_record(lake, ACCEPTED, run_date)
    except FileNotFoundError:
        return {"claims": []}


def _without_examples(claim: str) -> str:
    # Which of many rows are named may differ from try to try.
    return claim.partition(", such as ")[0]


def decision_of(lake: Lake, run: Published) -> dict[str, Any] | None:
    """Return who published a run by hand, when and why; None where its DAG run did."""
    try:
        record = read_record(lake, STAGE, run.run_date)
    except FileNotFoundError:
        return None
    return record["decision"] if record["snapshots"] == dict(run.snapshots) else None
