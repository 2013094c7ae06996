"""The stage's record: what was read, of which kinds, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spark_jobs.data_quality import history, line_counts
from spark_jobs.data_quality.history import Arrivals
from spark_jobs.data_quality.one_kind import Work, WrittenKind
from spark_jobs.shared.paths import path_of, shown
from spark_jobs.shared.records import DataQualityParameters, DataQualityRecord, InputSize, KindRecord, LogTotals
from spark_jobs.shared.stage import seconds_since


@dataclass(frozen=True)
class LogCounts:
    """Records of the whole log, duplicates too, by kind: those with each warning, and with each unnamed field."""

    warnings: dict[str, dict[str, int]]
    unnamed_fields: dict[str, dict[str, int]]


def record_of(
    work: Work,
    arrived: Arrivals,
    written: Sequence[WrittenKind],
    snapshots: Mapping[str, int],
    of_log: LogCounts,
    started: float,
) -> DataQualityRecord:
    """Tell what was read and what became of it; `written` has the events first."""
    events, *others = written
    counts, base, job = events.counts, work.base, work.job
    return DataQualityRecord(
        run_date=job.run_date,
        run_id=job.run_id,
        snapshots=dict(snapshots),
        made_from={one.kind.name: base.of(one.kind) for one in written} if base else {},
        parameters=DataQualityParameters(input_path=shown(path_of(job.input_path)), load=job.load),
        base=base.run if base else None,
        added=events.added,
        input=InputSize(files=len(arrived.new), bytes=sum(file.size for file in arrived.new)),
        counts=counts.total,
        quality_score=line_counts.quality_score([one.counts for one in written]),
        rejected=counts.rejected,
        warnings=counts.warnings,
        first_event_at=counts.first,
        last_event_at=counts.last,
        log=_totals(base.record.log if base else None, events),
        others={one.kind.name: _kind_record(one, base) for one in others},
        log_warnings=of_log.warnings,
        unnamed_fields=of_log.unnamed_fields,
        masking_key=work.masking_key,
        new=history.news(arrived, events.late, counts.known) if events.late else None,
        files=tuple(told for one in written for told in line_counts.per_file(one.files, one.counts)),
        left_out=(*work.listing.left_out, *(text for one in written for text in one.left_out)),
        inputs=history.inputs_of(base, arrived.new),
        seconds=seconds_since(started),
    )


def _kind_record(one: WrittenKind, base: history.Base | None) -> KindRecord:
    counts = one.counts
    return KindRecord(
        counts=counts.total,
        rejected=counts.rejected,
        warnings=counts.warnings,
        replaced=one.replaced,
        log=_totals(base.record.others[one.kind.name].log if base else None, one),
    )


def _totals(before: LogTotals | None, one: WrittenKind) -> LogTotals:
    counts = one.counts
    return history.log_totals(before, counts.accepted - one.replaced, counts.first, counts.last)
