from __future__ import annotations

import json
import logging
import uuid
from datetime import UTC, datetime
from pathlib import Path

# It sets up logging when it is first imported, which must not be while a test listens.
import airflow.settings  # noqa: F401
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.telemetry import live_counts
from include.telemetry.event_logs import DIRECTORY, MARK
from include.telemetry.live_counts import LiveCounts, WrittenFiles, counts_told, read_live_counts
from include.telemetry.records_read import OfEventLog
from spark_jobs.lake.tags import JUDGES
from spark_jobs.shared.lake import Lake
from tests.logs import RUN_DATE
from tests.object_store import BUCKET, ObjectStore

WRITE, COMPACTION = "4437df92-1c28-4d34-8da9-c57a2662dd77-0", "a0580644-5d55-4b64-a21d-64dec41e4043"
READ = LiveCounts(stage="data_quality", at=datetime(2009, 5, 5, tzinfo=UTC), records_read=7, accepted=4, rejected=2)


def write(lake: Lake, bucket: str, task: str, rows: int, of: str = WRITE, table: str = "listens") -> Path:
    file = Path(lake.root) / "warehouse" / "listening" / table / "data" / f"user_id_bucket_2={bucket}"
    file.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"user_id": ["u"] * rows}), file / f"{task}-{of}-00001.parquet")
    return file / f"{task}-{of}-00001.parquet"


def test_rows_of_whole_files_count(lake: Lake) -> None:
    write(lake, "1", "00001-3", 5, "f5d1c7b1-0000-4000-8000-000000000000-0")
    files = WrittenFiles(lake)
    assert files.counts() == (0, 0)
    write(lake, "0", "00000-8", 3)
    write(lake, "null", "00000-8", 2)
    half = write(lake, "1", "00001-9", 4)
    whole = half.read_bytes()
    half.write_bytes(whole[:-6])
    assert files.counts() == (3, 2)
    half.write_bytes(b"")
    assert files.counts() == (3, 2)
    half.write_bytes(whole)
    assert files.counts() == (7, 2)
    # Of other tables, and what is compacted afterwards.
    write(lake, "0", "00000-9", 9, table="sessions")
    write(lake, "0", "00000-10", 7, COMPACTION)
    assert files.counts() == (7, 2)


def test_task_that_is_tried_again_counts_once(lake: Lake) -> None:
    files = WrittenFiles(lake)
    write(lake, "0", "00000-8", 3)
    # Its executor was lost: nobody removed the files.
    write(lake, "1", "00001-9", 4)
    write(lake, "null", "00001-9", 1)
    assert files.counts() == (7, 1)
    write(lake, "1", "00001-10", 5)
    assert files.counts() == (8, 0)
    write(lake, "null", "00001-10", 1)
    assert files.counts() == (8, 1)


def test_files_in_a_store_count(object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in object_store.environment.items():
        monkeypatch.setenv(name, value)
    place = f"{BUCKET}/{uuid.uuid4().hex}"
    files = WrittenFiles(Lake(f"s3://{place}", "listening"))
    assert files.counts() == (0, 0)
    for bucket, rows in {"0": 3, "null": 2}.items():
        path = f"{place}/warehouse/listening/listens/data/user_id_bucket_2={bucket}/00000-8-{WRITE}-00001.parquet"
        pq.write_table(pa.table({"user_id": ["u"] * rows}), path, filesystem=object_store.files)
        seen = files.counts()
    assert seen == (3, 2)


def test_log_without_a_table_has_counted_nothing(lake: Lake) -> None:
    assert WrittenFiles(lake).counts() == (0, 0)


def ended(stage: int, index: int, read: int, written: int, reason: str = "Success") -> str:
    metrics = {"Input Metrics": {"Records Read": read}, "Shuffle Write Metrics": {"Shuffle Records Written": written}}
    end = {"Stage ID": stage, "Task Info": {"Index": index}, "Task End Reason": {"Reason": reason}}
    return json.dumps({"Event": "SparkListenerTaskEnd", **end, "Task Metrics": metrics}) + "\n"


def started(tags: str, *stages: int) -> str:
    properties = {"Stage IDs": stages, "Properties": {"spark.job.tags": tags}}
    return json.dumps({"Event": "SparkListenerJobStart", **properties}) + "\n"


def test_records_of_ended_tasks_are_read_once(tmp_path: Path) -> None:
    marked = {"Event": "SparkListenerEnvironmentUpdate", "Spark Properties": {MARK: "ours"}}
    read = OfEventLog({DIRECTORY: tmp_path.as_uri(), MARK: "ours"})
    assert read() is None
    (tmp_path / "app-1.inprogress").write_text(json.dumps(marked) + "\n" + started("", 0) + ended(0, 0, 100, 100))
    assert read() == 0
    with (tmp_path / "app-1.inprogress").open("a") as events:
        events.write(started(f"a,spark-{JUDGES}", 1, 2) + ended(1, 0, 60, 40) + ended(1, 1, 7, 3, "TaskKilled"))
        events.write(ended(1, 1, 70, 50)[:40])
        events.flush()
        assert read() == 40
        events.write(ended(1, 1, 70, 50)[40:] + ended(2, 0, 0, 90))
        events.flush()
        assert read() == 90
        # A lost executor's task, once more.
        events.write(ended(1, 0, 60, 40))
        events.flush()
        assert read() == 90


def test_log_of_another_application_is_left_alone(tmp_path: Path) -> None:
    other = {"Event": "SparkListenerEnvironmentUpdate", "Spark Properties": {MARK: "other"}}
    (tmp_path / "app-1.inprogress").write_text(json.dumps(other) + "\n")
    assert OfEventLog({DIRECTORY: tmp_path.as_uri(), MARK: "ours"})() is None
    assert OfEventLog({})() is None


def test_counts_are_told_while_a_stage_runs(
    lake: Lake, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_counts, "SECONDS_BETWEEN_LOOKS", 0.05)
    caplog.set_level(logging.INFO)
    with counts_told("data_quality", lake, RUN_DATE, lambda: 7):
        write(lake, "0", "00000-8", 4)
        write(lake, "null", "00000-8", 2)
        while READ.line not in caplog.text:
            pass
        while not (found := read_live_counts(lake, RUN_DATE)) or found.accepted < 4:
            pass
    assert READ.line == "data_quality so far: 7 records read, 4 accepted, 2 rejected"
    assert found == READ.model_copy(update={"at": found.at})
    assert read_live_counts(lake, RUN_DATE) is None


def test_what_cannot_be_told_costs_a_warning(
    lake: Lake, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_counts, "SECONDS_BETWEEN_LOOKS", 0.05)

    looks: list[int] = []

    def fail_at_first() -> int:
        looks.append(1)
        if len(looks) < 3:
            raise ConnectionError("nobody answers")
        return 7

    with counts_told("data_quality", lake, RUN_DATE, fail_at_first):
        while "7 records read" not in caplog.text:
            pass
    assert caplog.text.count("nobody answers") == 1


def test_stage_runs_where_its_files_cannot_be_listed(
    lake: Lake, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(table: Path) -> list[Path]:
        raise PermissionError(table)

    monkeypatch.setattr(live_counts, "_files", fail)
    with counts_told("data_quality", lake, RUN_DATE, lambda: 7):
        assert "cannot tell what it has done so far: PermissionError: " in caplog.text


def test_unknown_reading_is_not_said() -> None:
    assert READ.model_copy(update={"records_read": None}).line == "data_quality so far: 4 accepted, 2 rejected"
