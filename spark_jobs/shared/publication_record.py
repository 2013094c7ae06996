"""What a published run has left: the records of its stages and checks, a person's decision, and what Spark measured."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from pydantic import AwareDatetime, Field, SerializeAsAny

from spark_jobs.shared.records import (
    CheckRecord,
    DataQualityRecord,
    Document,
    SessionAnalysisRecord,
    StageRecord,
    answers_record,
)

if TYPE_CHECKING:
    from spark_jobs.contract import LogContract

AnswersRecord = TypeVar("AnswersRecord", bound=StageRecord)


class SparkStage(Document):
    """A stage of Spark, which is a part of one of ours: its tasks that ended well."""

    stage_id: int
    tasks: int
    median_task_seconds: float
    slowest_task_seconds: float


class SparkCosts(Document):
    """What Spark says that a stage or a check cost: its application, or its jobs on a Connect server."""

    application_id: str
    seconds: float
    jobs: int
    stages: int
    tasks: int
    failed_tasks: int
    input_bytes: int = Field(description="The whole size of a file for each scan that opened it.")
    input_records: int = Field(description="A row counts each time that a task read it.")
    shuffle_bytes_written: int
    shuffle_bytes_read: int
    spilled_memory_bytes: int
    spilled_disk_bytes: int
    peak_execution_memory_bytes: int
    executor_run_seconds: float
    executor_cpu_seconds: float
    gc_share: float = Field(description="Garbage collection by the run time of the tasks, 0 to 1.")
    slowest_stages: tuple[SparkStage, ...] = Field(description="Those with the most work first.")


class Decision(Document):
    """A person's word that a run counts though a check failed: who, when and why."""

    by: str
    at: AwareDatetime
    reason: str


class PublicationRecord(Document, Generic[AnswersRecord]):
    """What a published run has left. `answers`: the record of the stage that made the log's answers."""

    run_date: date
    run_id: str
    snapshots: dict[str, int]
    decision: Decision | None
    data_quality: DataQualityRecord
    session_analysis: SessionAnalysisRecord
    answers: SerializeAsAny[AnswersRecord]
    checks: dict[str, CheckRecord]
    spark: dict[str, SparkCosts] = Field(description="By stage and check: those that kept them.")


def publication_record_of(log: LogContract) -> type[PublicationRecord[StageRecord]]:
    """Return the model of what a published run of a log has left."""
    model = PublicationRecord.__class_getitem__(answers_record(log))
    return cast("type[PublicationRecord[StageRecord]]", model)
