"""What data_quality tells the checks of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from spark_jobs.shared import loads
from spark_jobs.shared.documents import read_record_of
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord


@dataclass(frozen=True)
class Judged:
    """What became of the records that a run read, and the log after it.

    `warnings` counts events, by the warning's name. `events_of_log` are those of earlier dates too. `last_event_at` is
    None where the log has no event. `is_first`: the run added to no other. `is_day_without`: the files of a daily load
    came, and had no record; where no new file came, or what came was there before, events may lack for another reason.
    """

    records_read: int
    events_accepted: int
    records_rejected: int
    quality_score: float
    warnings: Mapping[str, int]
    load: str
    events_of_log: int
    last_event_at: datetime | None
    is_first: bool
    is_day_without: bool


def read_judged(lake: Lake, run_date: date, snapshots: Mapping[str, int | None]) -> Judged:
    """Return what data_quality tells of these snapshots; raises OtherRecordError where its record is of others."""
    return judged(read_record_of(lake, DataQualityRecord, run_date, snapshots))


def judged(record: DataQualityRecord) -> Judged:
    """Return what a record of data_quality tells."""
    return Judged(
        records_read=record.counts.records_read,
        events_accepted=record.counts.events_accepted,
        records_rejected=record.counts.records_rejected,
        quality_score=record.quality_score,
        warnings=record.warnings,
        load=record.parameters.load,
        events_of_log=record.log.events,
        last_event_at=record.log.last_event_at,
        is_first=not record.base,
        is_day_without=_is_day_without(record),
    )


def _is_day_without(record: DataQualityRecord) -> bool:
    if record.parameters.load != loads.DAILY or record.counts.records_read:
        return False
    sizes = {file.file: file.bytes for file in record.inputs}
    known = record.new.files_known if record.new else ()
    return record.input.files > 0 or not any(sizes[file] for file in known)
