"""What a stage tells the next one, the checks and the report: a model for each document that a run leaves in the lake.

All times are UTC. No field has a default: a document that lacks one, or has one more, is of another version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import TYPE_CHECKING, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from spark_jobs.shared import loads

if TYPE_CHECKING:
    from spark_jobs.contract import LogContract


class Document(BaseModel):
    """A JSON document of the lake, or a part of one."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Parameters(Document):
    """What a stage was told; each stage has its own."""


class StageRecord(Document):
    """What a stage made, and from what: the ids of the snapshots, by table.

    Each stage that writes tables has a model of its own, in which `stage` is its name.
    """

    stage: str
    run_date: date
    run_id: str
    snapshots: dict[str, int]
    made_from: dict[str, int]
    parameters: Parameters
    seconds: float = Field(description="Wall seconds of the stage, without the start of Spark.")

    @classmethod
    def stage_name(cls) -> str:
        """Return the name of the stage that this is the model of."""
        return str(cls.model_fields["stage"].default)


# --- data_quality


@dataclass(frozen=True)
class Published:
    """A run date as it was published: the id of the run, and the snapshot of each table that the run made."""

    run_date: date
    run_id: str
    snapshots: Mapping[str, int]


class ListedFile(Document):
    """A file of an input, as it was when it was listed."""

    file: str
    bytes: int
    modified_ms: int = Field(description="When it was last written to: milliseconds since 1970.")


class InputListing(Document):
    """The files that `check_input` found; data_quality reads these or none."""

    input_path: str
    files: tuple[ListedFile, ...]
    left_out: tuple[str, ...] = Field(description="What is there and not read: a name and the reason.")


class DataQualityParameters(Parameters):
    """What data_quality was told."""

    input_path: str
    load: Literal["full", "daily"]


class Counts(Document):
    """What became of records: each one is accepted or rejected."""

    records_read: int
    events_accepted: int
    records_rejected: int


class FileCounts(Counts):
    """What became of the records of a file."""

    file: str
    bytes: int


class InputSize(Document):
    """How much there was to read."""

    files: int
    bytes: int


class LogTotals(Document):
    """The whole log, after this run: its events, and the times of the first and the last of them."""

    events: int
    first_event_at: AwareDatetime | None
    last_event_at: AwareDatetime | None


class KindRecord(Document):
    """What became of the records of a kind that are no events, in this run and in the whole log."""

    counts: Counts
    rejected: dict[str, int]
    warnings: dict[str, int]
    replaced: int = Field(description="Records of earlier days that are rejected now: one of this run comes before.")
    log: LogTotals


class LateEvents(Document):
    """Events of earlier days than the run date, by how many days they are late."""

    events: int
    most_days: int
    up_to_1_days: int
    up_to_7_days: int = Field(description="2 to 7 days.")
    up_to_30_days: int = Field(description="8 to 30 days.")
    up_to_365_days: int = Field(description="31 to 365 days.")
    later: int = Field(description="More than 365 days.")


class NewInput(Document):
    """How the input of a daily load differs from what the log has taken in before."""

    late: LateEvents
    known_events: int = Field(description="Accepted records that the log had before: rejected as duplicates.")
    files_changed: tuple[str, ...]
    files_known: tuple[str, ...] = Field(description="Taken in before as they are, so not read again.")


class DataQualityRecord(StageRecord):
    """What data_quality read and what became of it: of the events, and of the `others` by kind.

    `base`: what a daily load has added to.
    `added` is the snapshot of the events before they were compacted. `inputs` are all files that the log has ever taken
    in, those of this run last.
    """

    stage: Literal["data_quality"] = "data_quality"
    parameters: DataQualityParameters
    base: Published | None
    added: int
    input: InputSize
    counts: Counts
    quality_score: float = Field(
        description="Accepted of 100 records read, of all kinds, but those that the log had before."
    )
    rejected: dict[str, int] = Field(description="Records by the reason they were rejected for.")
    warnings: dict[str, int] = Field(description="Accepted records by warning.")
    first_event_at: AwareDatetime | None
    last_event_at: AwareDatetime | None
    log: LogTotals
    others: dict[str, KindRecord]
    log_warnings: dict[str, dict[str, int]] = Field(
        description="Records of the whole log by kind and warning, duplicates too; of a log whose duplicates count."
    )
    masking_key: str = Field(
        description="Which key hashed the sensitive values: its id and a check value; empty without a key."
    )
    unnamed_fields: dict[str, dict[str, int]] = Field(
        description="Records of the whole log by kind and by each name that the contract lacks, the first 100 by name."
    )
    new: NewInput | None = Field(description="Null where the log begins.")
    files: tuple[FileCounts, ...]
    left_out: tuple[str, ...]
    inputs: tuple[ListedFile, ...]

    @property
    def all_counts(self) -> Counts:
        """What became of the records of all kinds."""
        kinds = (self.counts, *(kind.counts for kind in self.others.values()))
        return Counts(**{name: sum(getattr(kind, name) for kind in kinds) for name in Counts.model_fields})

    @property
    def is_day_without(self) -> bool:
        """Whether the files of a daily load came, and had no record.

        Where no new file came, or what came was there before, events may lack for another reason.
        """
        if self.parameters.load != loads.DAILY or self.counts.records_read:
            return False
        sizes = {file.file: file.bytes for file in self.inputs}
        known = self.new.files_known if self.new else ()
        return self.input.files > 0 or not any(sizes[file] for file in known)


# --- session_analysis


class SessionAnalysisParameters(Parameters):
    """What session_analysis was told."""

    session_gap_minutes: int


class NewSessions(Document):
    """What new events made of the sessions that were there."""

    opened: int
    extended: int
    joined: int = Field(description="Made of several sessions that were there.")
    users_first_seen: int


class SessionAnalysisRecord(StageRecord):
    """What the sessions of a log are. `added`: of a daily load the snapshot that has added the sessions it touched."""

    stage: Literal["session_analysis"] = "session_analysis"
    parameters: SessionAnalysisParameters
    events_read: int
    sessions: int
    users: int
    longest_session_events: int
    implausible_sessions: int
    new: NewSessions | None = Field(description="Null where all sessions were cut again.")
    added: int | None = None


# --- Checks


class Validation(Document):
    """A suite of expectations: how many were evaluated, and how many were met."""

    suite: str
    expectations: int
    met: int


class CheckRecord(Document):
    """What a check found in some snapshots: a sentence for each expectation that was not met, by its severity."""

    stage: str
    run_date: date
    snapshots: dict[str, int]
    success: bool
    critical: tuple[str, ...]
    warning: tuple[str, ...]
    info: tuple[str, ...]
    errors: tuple[str, ...] = Field(description="What could not be checked, and why.")
    validations: tuple[Validation, ...]


# --- Which model a stage has


def answers_record(log: LogContract) -> type[StageRecord]:
    """Return the model of the record of a log's answers: `RECORD` in `record.py` of the package that makes them."""
    return import_module(f"spark_jobs.{log.answers}.record").RECORD


def record_of(log: LogContract, stage: str) -> type[StageRecord]:
    """Return the model of the record of a stage that writes tables; raises KeyError that lists the log's stages."""
    for model in (DataQualityRecord, SessionAnalysisRecord, answers_record(log)):
        if stage == model.stage_name():
            return model
    raise KeyError(f"found the stage {stage!r}, allowed is one of {', '.join(log.stages)}")
