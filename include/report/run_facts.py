"""What the records of any run tell its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from include.report.model import (
    Added,
    CheckCounts,
    InputRead,
    ParameterValue,
    ReasonCount,
    RunCounts,
    RunReport,
    SessionsTouched,
    StageCosts,
    WarningCount,
)
from spark_jobs.contract import DUPLICATE, LogContract
from spark_jobs.shared.publication_record import PublicationRecord
from spark_jobs.shared.records import CheckRecord, DataQualityRecord, SessionAnalysisRecord, StageRecord


@dataclass(frozen=True)
class Asked:
    """The run that a report is about, and what Airflow knows of it: its parameters, and the wall seconds of stages."""

    run_date: date
    parameters: Mapping[str, ParameterValue]
    seconds: Mapping[str, float | None]


def run_report(asked: Asked, log: LogContract, left: PublicationRecord[StageRecord]) -> RunReport:
    """Return what the report of any log says of a run, given what that has left."""
    quality, analysis, checks = left.data_quality, left.session_analysis, left.checks.values()
    # One that is critical stops a run before its report, but for a run that a person has published after all.
    critical = [claim for check in checks for claim in (*check.critical, *check.errors)]
    degraded_because = (*critical, *(claim for check in checks for claim in check.warning))
    return RunReport(
        run_date=asked.run_date,
        made_at=datetime.now(UTC).replace(microsecond=0),
        run_id=left.run_id,
        snapshots=dict(sorted(left.snapshots.items())),
        published_by_hand=left.decision,
        verdict="degraded" if degraded_because else "good",
        degraded_because=degraded_because,
        flags=tuple(claim for check in checks for claim in check.info),
        parameters=dict(asked.parameters),
        input=InputRead(path=quality.parameters.input_path, **quality.input.model_dump()),
        counts=RunCounts(**quality.all_counts.model_dump(), users=analysis.users, sessions=analysis.sessions),
        log=quality.log,
        new=_added(quality, analysis),
        quality_score=quality.quality_score,
        rejected=_rejected(quality, log),
        warnings=_warnings(quality, log),
        files=quality.files,
        first_event_at=quality.first_event_at,
        last_event_at=quality.last_event_at,
        stage_seconds={stage: spent for stage, spent in asked.seconds.items() if spent is not None},
        spark=_costs(asked, log, left),
        checks={check: _check(record) for check, record in left.checks.items()},
    )


def _rejected(quality: DataQualityRecord, log: LogContract) -> tuple[ReasonCount, ...]:
    counts = {log.events.name: quality.rejected} | {name: kind.rejected for name, kind in quality.others.items()}
    return tuple(
        ReasonCount(kind=kind.name, name=one.name, sentence=one.sentence, records=counts[kind.name][one.name])
        for kind in log.kinds
        for one in kind.reasons
        if one.name in counts[kind.name]
    )


def _warnings(quality: DataQualityRecord, log: LogContract) -> tuple[WarningCount, ...]:
    counts = quality.log_warnings or {log.events.name: quality.warnings}
    return tuple(
        WarningCount(kind=kind.name, name=one.name, sentence=one.sentence, records=counts[kind.name][one.name])
        for kind in log.kinds
        for one in kind.warnings
        if one.name in counts[kind.name]
    )


def _added(quality: DataQualityRecord, analysis: SessionAnalysisRecord) -> Added | None:
    """Return what the two stages found that was new; None where there was no log to add to."""
    new, made = quality.new, analysis.new
    if quality.base is None or new is None:
        return None
    return Added(
        base_run_date=quality.base.run_date,
        events_added=quality.counts.events_accepted,
        duplicates_rejected=quality.rejected[DUPLICATE],
        late=new.late,
        sessions=SessionsTouched(opened=made.opened, extended=made.extended, joined=made.joined) if made else None,
        users_first_seen=made.users_first_seen if made else None,
        files_changed=new.files_changed,
        files_known=new.files_known,
    )


def _costs(asked: Asked, log: LogContract, left: PublicationRecord[StageRecord]) -> dict[str, StageCosts]:
    """What Spark measured of each stage that kept it, with what the stage had to read; see `StageCosts`.

    Where a run adds to a log, its stages look up there what they need: what they read is told as a share of it.
    """
    counts, analysis = left.data_quality.counts, left.session_analysis
    whole, sessions = left.data_quality.log.events, analysis.sessions
    of_events, of_sessions, _ = log.checks
    quality, cut, answers = log.stages
    # The rows of the last check are too few to tell anything.
    of_input = {
        quality: left.data_quality.all_counts.records_read,
        of_events: counts.events_accepted,
        cut: whole,
        of_sessions: sessions,
        answers: sessions + whole,
    }
    of_log = {quality: whole, cut: sessions + whole, answers: sessions + whole} if left.data_quality.new else {}
    found = {}
    for stage in (stage for stage in asked.seconds if stage in left.spark):
        costs, rows = left.spark[stage], 0 if stage in of_log else of_input.get(stage, 0)
        found[stage] = StageCosts(
            **costs.model_dump(),
            input_reads=round(costs.input_records / rows, 2) if rows else None,
            log_share=round(costs.input_records / of_log[stage], 4) if of_log.get(stage) else None,
        )
    return found


def _check(record: CheckRecord) -> CheckCounts:
    return CheckCounts(
        expectations=sum(part.expectations for part in record.validations),
        met=sum(part.met for part in record.validations),
    )
