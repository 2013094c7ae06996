"""A contract gets new columns while its log goes on: the dates before have nulls there, and no run stops."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from include.expectations.listening import checks
from spark_jobs.contract import LogContract
from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.lake.tries import read
from spark_jobs.logs.listening.rules import RULES
from spark_jobs.logs.listening.tables import LISTENS, SESSIONS
from spark_jobs.ranking.job import RankingJob
from spark_jobs.ranking.tables import CHOSEN_LISTENS, TOP_SESSIONS
from spark_jobs.session_analysis import extension
from spark_jobs.session_analysis import job as session_analysis
from spark_jobs.session_analysis.job import SessionAnalysisJob
from spark_jobs.session_analysis.sessions import summarize_sessions
from spark_jobs.shared import loads
from spark_jobs.shared.lake import Lake
from tests.jobs import knowing, publish_run, run_data_quality, run_ranking, run_session_analysis
from tests.logs import RUN_DATE

DAY = RUN_DATE + timedelta(days=1)


def run(spark: SparkSession, lake: Lake, inbox: Path, days: int) -> dict[str, int]:
    """Run the jobs for a day on which `u` and one more user listen, publish it, and return its snapshots."""
    day = RUN_DATE + timedelta(days=days)
    played = [f"{user}\t{day}T12:0{minute}:00Z\t\ta\t\tt\n" for user in ("u", f"v{days}") for minute in range(2)]
    (inbox / f"{day}.tsv").write_text("".join(played))
    run_data_quality(spark, DataQualityJob(str(inbox / f"{day}.tsv"), lake, day, load=loads.DAILY))
    run_session_analysis(spark, SessionAnalysisJob(lake, day))
    run_ranking(spark, RankingJob(lake, day))
    return publish_run(lake, day)


def grow(monkeypatch: pytest.MonkeyPatch, schema: T.StructType, place: int, name: str) -> None:
    """Add a column of text to a schema that the jobs know."""
    fields = [*schema.fields[:place], T.StructField(name, T.StringType()), *schema.fields[place:]]
    monkeypatch.setattr(schema, "fields", fields)
    monkeypatch.setattr(schema, "names", [field.name for field in fields])


@pytest.fixture
def grown(spark: SparkSession, lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log whose first day was run before the contract grew; returns where its files are."""
    run(spark, lake, tmp_path, 0)
    for schema in (LISTENS.schema, CHOSEN_LISTENS.schema):
        grow(monkeypatch, schema, 2, "device")
    for schema in (SESSIONS.schema, TOP_SESSIONS.schema):
        grow(monkeypatch, schema, 3, "first_device")
    of_listens = RULES[LISTENS.name]
    parse = lambda lines: of_listens.parse(lines).withColumn("device", F.lit("radio"))  # noqa: E731
    monkeypatch.setitem(RULES, LISTENS.name, replace(of_listens, parse=parse))

    def summarize(listens: DataFrame, log: LogContract) -> DataFrame:
        return summarize_sessions(listens, log).withColumn("first_device", F.lit("radio"))

    monkeypatch.setattr(session_analysis, "summarize_sessions", summarize)
    monkeypatch.setattr(extension, "summarize_sessions", summarize)
    return tmp_path


def devices(spark: SparkSession, lake: Lake, snapshots: dict[str, int]) -> dict[str, list[Any]]:
    """Return the values of each table's new column, those of the first day first."""
    found = {}
    for table, name, time in (
        (LISTENS, "device", "listened_at"),
        (CHOSEN_LISTENS, "device", "listened_at"),
        (SESSIONS, "first_device", "started_at"),
        (TOP_SESSIONS, "first_device", "started_at"),
    ):
        rows = read(knowing(spark, lake), "listening", table, snapshots[table.name])
        assert rows.columns == table.schema.fieldNames()
        found[table.name] = [row[0] for row in rows.orderBy(time).select(name).collect()]
    return found


def test_daily_load_and_rerun_take_new_columns(spark: SparkSession, lake: Lake, grown: Path) -> None:
    expected = {
        LISTENS.name: [None] * 4 + ["radio"] * 4,
        CHOSEN_LISTENS.name: [None] * 4 + ["radio"] * 4,
        SESSIONS.name: [None] * 2 + ["radio"] * 2,
        TOP_SESSIONS.name: [None] * 2 + ["radio"] * 2,
    }
    snapshots = run(spark, lake, grown, 1)
    assert devices(spark, lake, snapshots) == expected
    kept = checks.listens(knowing(spark, lake), lake, DAY, snapshots, "95")[-1]
    assert [row.device for row in kept.rows.collect()] == ["radio"] * 4

    again = run(spark, lake, grown, 1)
    assert again[LISTENS.name] != snapshots[LISTENS.name]
    assert devices(spark, lake, again) == expected
    first = devices(spark, lake, run(spark, lake, grown, 0))
    assert first == {name: [value for value in values if value] for name, values in expected.items()}
