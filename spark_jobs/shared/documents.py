"""The stages' records: JSON documents of the lake, which are there whole or not at all.

A stage's record is that of its last try. A published run has documents of its own, which no later try replaces.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from upath import UPath

from spark_jobs.shared.errors import InvalidRecordError, MissingRecordError, OtherRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.publication_record import PublicationRecord, publication_record_of
from spark_jobs.shared.records import CheckRecord, Document, StageRecord

# The stages that every log has.
DATA_QUALITY, SESSION_ANALYSIS = "data_quality", "session_analysis"
_FAULTS_SHOWN = 3
D = TypeVar("D", bound=Document)
R = TypeVar("R", bound=StageRecord)
Told = TypeVar("Told", bound=StageRecord | CheckRecord)


def read_record(lake: Lake, model: type[R], run_date: date) -> R:
    """Return the record of the last try of the stage that the model is of.

    Raises MissingRecordError if there is none, InvalidRecordError if it is of another version.
    """
    stage = model.stage_name()
    return read_document(lake.stage_record(stage, run_date), model, f"run {stage} for {run_date}")


def read_record_of(lake: Lake, model: type[R], run_date: date, snapshots: Mapping[str, int | None]) -> R:
    """Return the record of a stage's last try, if that was about these snapshots; None stands for any.

    Raises what `read_record` and `of_snapshots` raise.
    """
    return of_snapshots(read_record(lake, model, run_date), snapshots)


def read_check(lake: Lake, check: str, run_date: date) -> CheckRecord:
    """Return what the last try of a check has found; raises MissingRecordError or InvalidRecordError."""
    return read_document(lake.stage_record(check, run_date), CheckRecord, f"run {check} for {run_date}")


def of_snapshots(record: Told, snapshots: Mapping[str, int | None]) -> Told:
    """Return a record; raises OtherRecordError if it is about other snapshots of the same tables than these."""
    other = {name: made for name, made in record.snapshots.items() if snapshots.get(name) not in (None, made)}
    if other:
        found = ", ".join(f"{made} of {name}, not of {snapshots[name]}" for name, made in other.items())
        raise OtherRecordError(
            f"the record of {record.stage} for {record.run_date} tells of the snapshot {found}; run {record.stage} for "
            f"{record.run_date} again, and what is after it"
        )
    return record


def read_publication(lake: Lake, run_date: date, snapshots: Mapping[str, int]) -> PublicationRecord[StageRecord]:
    """Return what the run has left that is published with these snapshots, later tries do not change it.

    That of the answer must be among them. Raises MissingRecordError, InvalidRecordError or OtherRecordError.
    """
    path = lake.publication(run_date, snapshots[lake.answer])
    found = read_document(path, publication_record_of(lake.contract), f"publish {run_date} again")
    if any(found.snapshots.get(name) != snapshot for name, snapshot in snapshots.items()):
        raise OtherRecordError(f"{path} tells of other snapshots than those that are published; run {run_date} again")
    return found


def read_document(path: UPath, model: type[D], what_to_do: str) -> D:
    """Read a document; raises MissingRecordError or InvalidRecordError, which say what to do."""
    try:
        return model.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise MissingRecordError(f"{path} does not exist; {what_to_do}") from None
    except ValidationError as error:
        raise InvalidRecordError(f"{path} is not as this version writes it ({_faults(error)}); {what_to_do}") from None


def _faults(error: ValidationError) -> str:
    faults = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}".removeprefix(": ") for one in error.errors()]
    more = len(faults) - _FAULTS_SHOWN
    return "; ".join([*faults[:_FAULTS_SHOWN], *([f"and {more} more"] if more > 0 else [])])


def write_record(path: UPath | str, record: Document) -> None:
    """Keep what a stage did, in place of what is there."""
    replace_file(UPath(path), record.model_dump_json(indent=2))


def replace_file(path: Path | UPath, text: str) -> None:
    """Write a file so that a reader finds the old one or the new one, never a part."""
    replace_files(path.parent, {path.name: text})


def replace_files(directory: Path | UPath, texts: Mapping[str, str]) -> None:
    """Write files by their names, all or none: while the last one is there, they are all of one call.

    An object is whole by itself; but where the store is lost between two of them, the last one is not there.
    """
    last = directory / list(texts)[-1]
    if not isinstance(directory, Path):
        if len(texts) > 1:
            last.unlink(missing_ok=True)
        for name, text in texts.items():
            (directory / name).write_bytes(text.encode())
        return
    directory.mkdir(parents=True, exist_ok=True)
    staged = {name: directory / f".{name}.{uuid.uuid4().hex}" for name in texts}
    try:
        for name, text in texts.items():
            staged[name].write_bytes(text.encode())
        if len(texts) > 1:
            last.unlink(missing_ok=True)
        for name, file in staged.items():
            file.replace(directory / name)
    finally:
        for file in staged.values():
            file.unlink(missing_ok=True)


def remove_other_publications(lake: Lake, run_date: date, answer: int) -> None:
    """Remove what other runs left that were published for this date, or nearly."""
    ours = lake.publication(run_date, answer)
    for path in ours.parent.iterdir():
        if path != ours:
            path.unlink(missing_ok=True)
