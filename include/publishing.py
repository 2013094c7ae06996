"""Publish a run: readers see exactly the snapshots that its stages returned, and it is kept who decided so, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from include.records import read_record, write_record
from spark_jobs.lake.listening import ANSWER, NAMESPACE
from spark_jobs.lake.publication import Publication, publish
from spark_jobs.lake.published import Published
from spark_jobs.shared.lake import Lake

STAGE = "publish"


@dataclass(frozen=True)
class Decision:
    """A person's word that a run is published though no DAG run did it: who, when (UTC) and why."""

    by: str
    at: str
    reason: str


def publish_run(
    lake: Lake, run_date: date, run_id: str, snapshots: Mapping[str, int], decision: Decision | None = None
) -> None:
    """Publish the snapshots of a run, over newer ones only by a person's decision; doing it again changes nothing.

    Raises ForeignSnapshotError or SupersededError, and publishes nothing then.
    """
    # First, for it says nothing until the run is published.
    said = {"run_id": run_id, "snapshots": dict(snapshots), "decision": asdict(decision) if decision else None}
    write_record(lake, STAGE, run_date, said)
    publication = Publication(NAMESPACE, run_date, run_id, snapshots, ANSWER.name, over_newer=decision is not None)
    with lake.catalog.open() as catalog:
        publish(catalog, publication)


def decision_of(lake: Lake, run: Published) -> dict[str, Any] | None:
    """Return who published a run by hand, when and why; None where its DAG run did."""
    try:
        record = read_record(lake, STAGE, run.run_date)
    except FileNotFoundError:
        return None
    return record["decision"] if record["snapshots"] == dict(run.snapshots) else None
