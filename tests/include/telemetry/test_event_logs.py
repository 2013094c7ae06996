from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

# It sets up logging when it is first imported, which must not be while a test listens.
import airflow.settings  # noqa: F401
import pytest

from include.telemetry import event_logs
from include.telemetry.event_logs import DIRECTORY, ENABLED, MARK, costs_kept, prepare, read_costs
from spark_jobs.shared.documents import replace_file
from spark_jobs.shared.lake import Lake
from tests.logs import RUN_DATE
from tests.records import NO_COSTS


def test_each_attempt_gets_a_directory_and_own_mark(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "the lake's root"), "listening")
    first, second = prepare(Path(lake.spark_events()), {}), prepare(Path(lake.spark_events()), {})
    assert first
    assert second
    assert first.settings[MARK] != second.settings[MARK]
    assert first.settings[DIRECTORY] == f"file://{tmp_path}/the%20lake%27s%20root/spark_events"
    assert first.directory.is_dir()


@pytest.mark.parametrize(
    ("connection", "ours"),
    [
        pytest.param({ENABLED: False}, None, id="off"),
        pytest.param({ENABLED: "FALSE"}, None, id="off, as text"),
        pytest.param({DIRECTORY: "hdfs://name/history"}, None, id="on another file system"),
        pytest.param({DIRECTORY: "/mnt/my history"}, "/mnt/my history", id="a path"),
        pytest.param({DIRECTORY: "file:/mnt/my%20history"}, "/mnt/my history", id="a URI"),
    ],
)
def test_the_connection_stands_above_us(lake: Lake, connection: dict[str, Any], ours: str | None) -> None:
    event_log = prepare(Path(lake.spark_events()), connection)
    assert not Path(lake.root).exists()
    if ours is None:
        assert event_log is None
    else:
        assert event_log
        assert event_log.directory == Path(ours)
        assert not connection.keys() & event_log.settings.keys()
        assert event_log.settings[ENABLED] == "true"


def test_oldest_event_logs_go_when_another_comes(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_logs, "LOGS_KEPT", 3)
    logs = Path(lake.spark_events())
    (logs / "eventlog_v2_app").mkdir(parents=True)
    for age, name in enumerate(("app-4", "app-3", "app-2.inprogress", "app-1")):
        (logs / name).touch()
        os.utime(logs / name, (1_000 - age, 1_000 - age))
    os.utime(logs / "eventlog_v2_app", (997.5, 997.5))
    prepare(Path(lake.spark_events()), {})
    assert sorted(file.name for file in logs.iterdir()) == ["app-3", "app-4", "eventlog_v2_app"]


def test_unwritable_event_log_directory_costs_only_a_warning(lake: Lake, caplog: pytest.LogCaptureFixture) -> None:
    Path(lake.spark_events()).parent.mkdir(parents=True)
    Path(lake.spark_events()).write_text("a file in its place")
    with costs_kept("ranking", lake, RUN_DATE, {}) as settings:
        assert settings == {}
    assert "spark_events cannot be written" in caplog.text


def test_missing_measurements_warn_and_delete_the_earlier_ones(lake: Lake, caplog: pytest.LogCaptureFixture) -> None:
    replace_file(Path(lake.spark_costs("ranking", RUN_DATE)), json.dumps({**NO_COSTS, "tasks": 3}))
    assert read_costs(lake, "ranking", RUN_DATE).tasks == 3
    with costs_kept("ranking", lake, RUN_DATE, {}) as settings:
        another = [{"Event": "SparkListenerEnvironmentUpdate", "Spark Properties": {MARK: "another"}}]
        ours = [{"Event": "SparkListenerEnvironmentUpdate", "Spark Properties": {MARK: settings[MARK]}}]
        for name, events in {"app-1": ours, "app-2": another}.items():
            (Path(lake.spark_events()) / name).write_text("\n".join(map(json.dumps, events)))
        (Path(lake.spark_events()) / "app-3.zstd").write_bytes(b"\x28\xb5\x2f\xfd")
    assert read_costs(lake, "ranking", RUN_DATE) is None
    assert "ranking: the report will not tell what Spark did: ValueError" in caplog.text
