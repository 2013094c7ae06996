"""The stages' records: JSON documents of the lake, which are there whole or not at all."""

from __future__ import annotations

import json
import os
import uuid
from datetime import date
from pathlib import Path
from typing import Any

from spark_jobs.shared.errors import MissingRecordError, OtherRecordError
from spark_jobs.shared.lake import Lake


def read_record(lake: Lake, stage: str, run_date: date) -> dict[str, Any]:
    """Return what a stage kept; raises MissingRecordError if it kept nothing."""
    path = lake.stage_record(stage, run_date)
    try:
        return json.loads(_read(lake, path))
    except FileNotFoundError:
        raise MissingRecordError(f"{path} does not exist; run {stage} for {run_date} first") from None


def read_record_of(lake: Lake, stage: str, run_date: date, table: str, snapshot: int | None) -> dict[str, Any]:
    """Return the record of the stage that made a table's snapshot; of the last one with None.

    Raises MissingRecordError if it kept none, OtherRecordError if what it kept is of another snapshot.
    """
    record = read_record(lake, stage, run_date)
    kept = record["snapshots"][table]
    if snapshot not in (None, kept):
        raise OtherRecordError(
            f"the record of {stage} for {run_date} tells of the snapshot {kept} of {table}, not of {snapshot}; run "
            f"{stage} for {run_date} again, and what is after it"
        )
    return record


def write_record(lake: Lake, path: str, record: dict[str, Any]) -> None:
    """Keep what a stage did, in place of what is there."""
    text = json.dumps(record, indent=2, ensure_ascii=False).encode()
    if lake.catalog.on_s3:
        with lake.catalog.files().new_output(path).create(overwrite=True) as file:
            file.write(text)
        return
    whole = Path(path)
    whole.parent.mkdir(parents=True, exist_ok=True)
    staged = whole.with_name(f".{whole.name}.{uuid.uuid4().hex}")
    try:
        staged.write_bytes(text)
        os.replace(staged, whole)
    finally:
        staged.unlink(missing_ok=True)


def _read(lake: Lake, path: str) -> bytes:
    if not lake.catalog.on_s3:
        return Path(path).read_bytes()
    with lake.catalog.files().new_input(path).open() as file:
        return file.read()
