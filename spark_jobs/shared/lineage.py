"""Which log a run answers for: the partitions that hold its listens, and the run it adds to.

A full load reads the whole log: its own partition of listens is all there is. A daily load reads what has arrived for
its run date, and adds that to the log of the day before, its base: the partitions of that, and its own after them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any

from spark_jobs.shared.lake import LISTENS

FULL, DAILY = "full", "daily"
LOADS = (FULL, DAILY)
# The stage whose record holds all this, and the field it is in.
KEPT_BY, LINEAGE = "data_quality", "lineage"


@dataclass(frozen=True)
class Part:
    """A partition of `dataset`, as the run left it that made the log `log_id`; of whatever log where that is empty."""

    dataset: str
    run_date: date
    log_id: str = ""


@dataclass(frozen=True)
class Input:
    """A file that was taken into a log: its name, size in bytes, and when it was last written to, in milliseconds."""

    file: str
    bytes: int
    modified: int


@dataclass(frozen=True)
class Log:
    """A log as a run left it: what it was made of, oldest first, and all files that were ever taken in.

    `log_id` names its content: it is made from the inputs, so that a run that reads the same again gives the same.
    `own` is what this run made of them; `base` is what the log it was added to made last, None if it began one.
    """

    log_id: str
    parts: tuple[Part, ...]
    inputs: tuple[Input, ...]
    own: Part
    base: Part | None = None

    def folded(self, part: Part) -> Log:
        """The same log, all of its listens in one partition."""
        return replace(self, parts=(part,))

    def to_json(self) -> dict[str, Any]:
        """The log as a record keeps it."""
        return json.loads(json.dumps(asdict(self), default=str))


def read_log(record: dict[str, Any]) -> Log | None:
    """The log of a record of data_quality; None if a version made it that knew of none."""
    found = record.get(LINEAGE)
    if not found:
        return None
    base = found["base"]
    return Log(
        log_id=found["log_id"],
        parts=tuple(_part(part) for part in found["parts"]),
        inputs=tuple(Input(**file) for file in found["inputs"]),
        own=_part(found["own"]),
        base=_part(base) if base else None,
    )


def new_log(run_date: date, inputs: list[Input], buckets: int) -> Log:
    """The log that a run begins with these inputs."""
    log_id = _log_id("", run_date, inputs, buckets)
    own = Part(LISTENS, run_date, log_id)
    return Log(log_id, (own,), tuple(inputs), own)


def unnamed_log(run_date: date) -> Log:
    """The log of a run that did not name it: its own partition, whose mark is held against nothing."""
    own = Part(LISTENS, run_date)
    return Log("", (own,), (), own)


def grown_log(base: Log, run_date: date, inputs: list[Input], buckets: int) -> Log:
    """The log that a run makes of its base by adding these inputs."""
    log_id = _log_id(base.log_id, run_date, inputs, buckets)
    own = Part(LISTENS, run_date, log_id)
    return Log(log_id, (*base.parts, own), (*base.inputs, *inputs), own, base.own)


def base_date(run_date: date) -> date:
    """The run date whose log a daily load adds to: the day before, so that no day's listens are passed over."""
    return run_date - timedelta(days=1)


def _part(found: dict[str, str]) -> Part:
    return Part(found["dataset"], date.fromisoformat(found["run_date"]), found["log_id"])


def _log_id(base: str, run_date: date, inputs: list[Input], buckets: int) -> str:
    files = sorted((file.file, file.bytes, file.modified) for file in inputs)
    made_from = json.dumps([base, str(run_date), buckets, files], ensure_ascii=False)
    return hashlib.sha256(made_from.encode()).hexdigest()[:16]
