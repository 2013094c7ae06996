"""What each stage of a run tells about itself: one JSON file a stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import cast

from upath import UPath

from include.report.model import ParameterValue, RunReport, model_of
from spark_jobs.shared.documents import DATA_QUALITY, read_document, read_record, write_record
from spark_jobs.shared.errors import InvalidRecordError, MissingRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord, StageRecord, record_of


@dataclass(frozen=True)
class LastRun:
    """What the last run of a date has come to: its records by stage, its snapshots by table, and why there is no more.

    A stage is of it if it was made from the snapshots of those before: a run that is cleared keeps its id.
    """

    records: Mapping[str, StageRecord]
    snapshots: Mapping[str, int]
    stopped: str = ""

    @property
    def quality(self) -> DataQualityRecord:
        """The record of the first stage, which every run has."""
        return cast("DataQualityRecord", self.records[DATA_QUALITY])

    @property
    def parameters(self) -> dict[str, ParameterValue]:
        """The run's parameters, as far as its stages were told them: those of the checks are not among them."""
        told = (record.parameters.model_dump() for record in self.records.values())
        return {name: value for parameters in told for name, value in parameters.items()}


def last_run(lake: Lake, run_date: date) -> LastRun:
    """Return what the last run of a date has come to; raises MissingRecordError where there is no run."""
    records: dict[str, StageRecord] = {}
    snapshots: dict[str, int] = {}
    for stage in lake.contract.stages:
        try:
            record = read_record(lake, record_of(lake.contract, stage), run_date)
        except (InvalidRecordError, MissingRecordError):
            if not records:
                raise MissingRecordError(f"no run of {run_date} in {lake.root} has written anything; run it") from None
            return LastRun(records, snapshots, f"{stage} of {run_date} has left no record")
        for table, made in record.made_from.items():
            # What a daily load adds to is of another run, and made by the stage itself.
            if snapshots.get(table, made) != made:
                of = f"was made from the snapshot {made} of {table}, and the last is {snapshots[table]}"
                return LastRun(records, snapshots, f"{stage} of {run_date} {of}: it has not run again since")
        records[stage], snapshots = record, snapshots | record.snapshots
    return LastRun(records, snapshots)


def read_report(lake: Lake, run_date: date) -> RunReport | None:
    """Return the report of a run date, as its log's own model; None when there is none that can be read."""
    try:
        return model_of(lake.log).model_validate_json((lake.report(run_date) / "report.json").read_bytes())
    except (OSError, ValueError):
        return None


def previous_run_date(lake: Lake, run_date: date) -> date | None:
    """Return the last run date before this one that is published, None if there is none."""
    # Not above: every task of Airflow imports this module, and few of them look into tables.
    from spark_jobs.lake.published import run_dates

    with lake.catalog.open() as catalog:
        return max((day for day in run_dates(catalog, lake.log, lake.answer) if day < run_date), default=None)


def keep_record_of_try(record: UPath, lake: Lake, stage: str, run_date: date) -> StageRecord:
    """Make the record that a try has left the stage's record, and return it."""
    found = read_document(record, record_of(lake.contract, stage), f"run {stage} for {run_date}")
    write_record(lake.stage_record(stage, run_date), found)
    return found
