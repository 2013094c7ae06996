"""Publish a run: readers see exactly the snapshots that its stages returned, and it is kept who decided so, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from include.runs.acceptance import Decision, decision_on
from include.runs.daily_base import check_still_base
from include.runs.records import CHECKS, STAGES
from include.telemetry.event_logs import read_figures
from spark_jobs.lake.publication import Publication, publish
from spark_jobs.shared.documents import read_publication, read_record_of, remove_other_publications, write_record
from spark_jobs.shared.errors import MissingRecordError, OtherRecordError
from spark_jobs.shared.lake import Lake


def publish_run(
    lake: Lake,
    run_date: date,
    run_id: str,
    snapshots: Mapping[str, int],
    decision: Decision | None = None,
    over_newer: bool = False,
) -> None:
    """Publish the snapshots of a run, and keep who decided so if its checks failed; doing it again changes nothing.

    `decision`: that of a person who publishes it. `over_newer`: also where the date is published from newer snapshots.
    It publishes nothing when it raises. MissingRecordError, OtherRecordError: a stage or a check tells of other
    snapshots. UncheckedError: a check could not be made, and there is no decision. BackwardsError, ReplacedBaseError: a
    daily load has lost its place. ForeignSnapshotError, SupersededError: another run has made or published them.
    """
    left = _what_is_left(lake, run_date, run_id, snapshots, decision)
    publication = Publication(lake.log, run_date, run_id, snapshots, lake.answer, over_newer=over_newer)
    with lake.catalog.open() as catalog:
        check_still_base(lake, catalog, run_date, snapshots, left["records"]["data_quality"])
        # First, for nobody reads it until the run is published, and then everybody does.
        write_record(lake.publication(run_date, snapshots[lake.answer]), left)
        publish(catalog, publication)
    remove_other_publications(lake, run_date, snapshots[lake.answer])


def _what_is_left(
    lake: Lake, run_date: date, run_id: str, snapshots: Mapping[str, int], decision: Decision | None
) -> dict[str, Any]:
    """Return what the stages of a run tell, or have told when it was published before."""
    try:
        before = read_publication(lake, run_date, snapshots)
    except (MissingRecordError, OtherRecordError):
        before = None
    try:
        records = {stage: read_record_of(lake, stage, run_date, snapshots) for stage in (*STAGES, *CHECKS)}
    except (MissingRecordError, OtherRecordError):
        # The date was tried again since.
        if before is None:
            raise
        return before
    decided = before and before["decision"]
    if decision or not decided:
        found = decision_on(lake, run_date, [records[check] for check in CHECKS], decision)
        decided = asdict(found) if found else None
    figures = {stage: read_figures(lake, stage, run_date) for stage in records}
    return {
        "run_date": str(run_date),
        "run_id": run_id,
        "snapshots": dict(snapshots),
        "decision": decided,
        "records": records,
        "spark": {stage: found for stage, found in figures.items() if found},
    }
