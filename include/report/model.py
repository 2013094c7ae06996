"""What the report of any log says: `report.json` is this model, with what the log's own report adds. Times are UTC."""

from __future__ import annotations

from datetime import date
from importlib import import_module
from typing import Literal

from pydantic import AwareDatetime, Field

from spark_jobs.shared.publication_record import Decision, SparkCosts
from spark_jobs.shared.records import Counts, Document, FileCounts, InputSize, LateEvents, LogTotals

Verdict = Literal["good", "degraded"]
ParameterValue = str | int | float | bool | None


class InputRead(InputSize):
    """The input of the run: where it is, and how much of it was read."""

    path: str


class RunCounts(Counts):
    """What the run has read and accepted; sessions and users are those of the whole log."""

    users: int
    sessions: int


class ReasonCount(Document):
    """The records of a kind that were rejected for a reason, by the names and sentences of the log's contract."""

    kind: str
    name: str
    sentence: str
    records: int


class WarningCount(Document):
    """The records of a kind that have a warning, by the names and sentences of the log's contract.

    They are those accepted in this run; of a log whose duplicates count, too, those of the whole log.
    """

    kind: str
    name: str
    sentence: str
    records: int


class SessionsTouched(Document):
    """Sessions that were not there before, were there shorter, or were several."""

    opened: int
    extended: int
    joined: int


class Added(Document):
    """What the run has added to the log of an earlier run date."""

    base_run_date: date
    events_added: int
    duplicates_rejected: int = Field(description="Records that were in the log before, or are in the input twice.")
    late: LateEvents
    sessions: SessionsTouched | None = Field(description="Null where all sessions were cut again.")
    users_first_seen: int | None = Field(description="Users without an event before; null where sessions is.")
    files_changed: tuple[str, ...] = Field(description="Read, and taken in before with another size or time.")
    files_known: tuple[str, ...] = Field(description="Taken in before as they are, so not read again.")


class StageCosts(SparkCosts):
    """What Spark measured of a stage or a check, beside the size of what it had to read."""

    input_reads: float | None = Field(description="How many times over it read the rows of its input; null: not known.")
    log_share: float | None = Field(description="Rows read by rows of the log, where it looks up what it needs there.")


class CheckCounts(Document):
    """How many expectations a check has, and how many were met."""

    expectations: int
    met: int


class RunReport(Document):
    """A run's report: whether to trust its answer, and what lies behind it."""

    run_date: date
    made_at: AwareDatetime
    run_id: str = Field(description="The DAG run that made what is published.")
    snapshots: dict[str, int] = Field(description="The Iceberg snapshot of each table that the run made.")
    published_by_hand: Decision | None = Field(description="Null where the DAG published the run.")
    verdict: Verdict
    degraded_because: tuple[str, ...] = Field(description="What was not met and makes the answer degraded.")
    flags: tuple[str, ...] = Field(description="What is worth knowing and makes the answer no worse.")
    parameters: dict[str, ParameterValue] = Field(description="The run's parameters, as given or by default.")
    input: InputRead
    counts: RunCounts
    log: LogTotals = Field(description="All events that the answer is made from, of this run and those it adds to.")
    new: Added | None = Field(description="Null where the run began a log, as a full load does.")
    quality_score: float = Field(description="Accepted records by records read, in percent.")
    rejected: tuple[ReasonCount, ...]
    warnings: tuple[WarningCount, ...]
    files: tuple[FileCounts, ...] = Field(description="What became of the records of each file.")
    first_event_at: AwareDatetime | None
    last_event_at: AwareDatetime | None
    stage_seconds: dict[str, float] = Field(description="Wall seconds of each stage, starts included.")
    spark: dict[str, StageCosts] = Field(description="Of each stage and check that kept them.")
    checks: dict[str, CheckCounts]


def model_of(log: str) -> type[RunReport]:
    """Return the model of a log's `report.json`: `REPORT` in `model.py` of its package."""
    return import_module(f"include.report.{log}.model").REPORT
