"""Publish a run: readers see exactly the snapshots that its stages returned, and it is kept who decided so, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from include.runs.acceptance import decision_on
from include.runs.daily_base import check_still_base
from include.telemetry.event_logs import read_costs
from spark_jobs.lake.publication import Publication, publish
from spark_jobs.shared.documents import (
    of_snapshots,
    read_check,
    read_publication,
    read_record_of,
    remove_other_publications,
    write_record,
)
from spark_jobs.shared.errors import InvalidRecordError, MissingRecordError, OtherRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.publication_record import Decision, PublicationRecord, publication_record_of
from spark_jobs.shared.records import DataQualityRecord, SessionAnalysisRecord, StageRecord, answers_record


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
        check_still_base(lake, catalog, run_date, snapshots, left.data_quality)
        # First, for nobody reads it until the run is published, and then everybody does.
        write_record(lake.publication(run_date, snapshots[lake.answer]), left)
        publish(catalog, publication)
    remove_other_publications(lake, run_date, snapshots[lake.answer])


def _what_is_left(
    lake: Lake, run_date: date, run_id: str, snapshots: Mapping[str, int], decision: Decision | None
) -> PublicationRecord[StageRecord]:
    """Return what the stages of a run tell, or have told when it was published before."""
    try:
        before = read_publication(lake, run_date, snapshots)
    except (InvalidRecordError, MissingRecordError, OtherRecordError):
        before = None
    try:
        quality = read_record_of(lake, DataQualityRecord, run_date, snapshots)
        analysis = read_record_of(lake, SessionAnalysisRecord, run_date, snapshots)
        answers = read_record_of(lake, answers_record(lake.contract), run_date, snapshots)
        names = lake.contract.checks
        checks = {check: of_snapshots(read_check(lake, check, run_date), snapshots) for check in names}
    except (MissingRecordError, OtherRecordError):
        # The date was tried again since.
        if before is None:
            raise
        return before
    decided = before.decision if before else None
    if decision or not decided:
        decided = decision_on(lake, run_date, list(checks.values()), decision)
    costs = {stage: read_costs(lake, stage, run_date) for stage in (*lake.contract.stages, *names)}
    return publication_record_of(lake.contract)(
        run_date=run_date,
        run_id=run_id,
        snapshots=dict(snapshots),
        decision=decided,
        data_quality=quality,
        session_analysis=analysis,
        answers=answers,
        checks=checks,
        spark={stage: found for stage, found in costs.items() if found},
    )
