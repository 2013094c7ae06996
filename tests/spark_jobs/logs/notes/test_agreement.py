"""Data quality judges notes logs as their model does, in one load and day by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import timedelta
from itertools import count
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from spark_jobs.shared import loads
from spark_jobs.shared.lake import Lake
from tests import notes_model
from tests.notes_files import days_of, notes_files
from tests.notes_logs import RUN_DATE
from tests.notes_model.judged import Judged as Expected
from tests.spark_jobs.logs.notes.judged import Judged, judge, publish

DAYS = [RUN_DATE - timedelta(days=1), RUN_DATE]
Files = Mapping[str, bytes]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Empty lakes, one after the other."""
    root = tmp_path_factory.mktemp("notes")
    return (Lake(str(root / str(number) / "lake"), "notes") for number in count())


def with_interactions(teams: int) -> st.SearchStrategy[Files]:
    """Logs that a full load takes: there is a record of interactions."""
    return notes_files(teams).filter(has_interactions)


def has_interactions(files: Files) -> bool:
    judged = notes_model.judge(files, RUN_DATE)
    return bool(judged.accepted["interactions"] or judged.reasons["interactions"])


@settings(max_examples=3)
@given(files=with_interactions(4))
def test_records_of_files_are_judged_as_the_model_does(
    spark: SparkSession, places: Iterator[Lake], files: Files
) -> None:
    found, expected = judge(spark, next(places), files, RUN_DATE), notes_model.judge(files, RUN_DATE)
    assert_alike(found, expected)
    assert found.reasons == {kind: dict(counts) for kind, counts in expected.reasons.items()}
    assert +Counter(found.record.log_warnings["interactions"]) == expected.warnings
    counts = found.record.all_counts
    assert counts.records_read == sum(map(len, expected.accepted.values())) + len(expected.rejected)
    # Equal records may be in any order, and of one it does not matter which is kept.
    told = Counter((kind, reason, file) for kind, reason, file, _, _ in found.rejected if reason in OF_THEMSELVES)
    assert told == Counter((one.kind, one.reason, one.file) for one in expected.rejected if one.reason in OF_THEMSELVES)
    places_told = Counter((file, line) for _, reason, file, line, _ in found.rejected if reason == "malformed_csv")
    assert places_told == Counter((one.file, one.line) for one in expected.rejected if one.reason == "malformed_csv")


OF_THEMSELVES = {"invalid_encoding", "malformed_csv", "field_count", "missing_user_id", "invalid_load_ms"}


@settings(max_examples=1)
@given(files=with_interactions(2), seed=st.integers(0, 2**16))
def test_days_add_up_to_one_load(spark: SparkSession, places: Iterator[Lake], files: Files, seed: int) -> None:
    lake = next(places)
    for day, arrived in days_of(files, DAYS, Random(seed)).items():
        found = judge(spark, lake, arrived, day, loads.DAILY)
        publish(lake, found)
    expected = notes_model.judge(files, RUN_DATE)
    assert_alike(found, expected)
    assert +Counter(found.record.log_warnings["interactions"]) == expected.warnings
    assert found.record.log.events == len(expected.accepted["interactions"])
    assert found.record.others["users"].log.events == len(expected.accepted["users"])


def assert_alike(found: Judged, expected: Expected) -> None:
    """Assert that the accepted rows of each kind are the same."""
    for kind, rows in expected.accepted.items():
        there, wanted = (Counter(map(_values, of_kind)) for of_kind in (found.accepted[kind], map(asdict, rows)))
        assert (there - wanted, wanted - there) == (Counter(), Counter())


def _values(row: Mapping[str, object]) -> frozenset[tuple[str, object]]:
    return frozenset(row.items())
