"""From lines to answers the three jobs of the shop do what the model does, in one load and day by day."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from spark_jobs.shared import loads
from spark_jobs.shared.lake import Lake
from tests.jobs import publish_run
from tests.shop_jobs import Files, Left, run_shop, write_files
from tests.shop_lines import shop_files
from tests.shop_logs import RUN_DATE
from tests.shop_model import answers, judge
from tests.shop_model.judged import lines_of, masked
from tests.shop_model.records import judge_line

DAYS = [RUN_DATE - timedelta(days=days) for days in (2, 1, 0)]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Places of their own, one after the other: an example needs an empty lake."""
    root = tmp_path_factory.mktemp("shop")
    return (root / str(number) for number in count())


def with_events(shops: int) -> st.SearchStrategy[Files]:
    """Logs that a full load takes: a line of events is there, and a byte-order mark at the start of a file only."""
    return shop_files(shops).filter(lambda files: any(files["events"]) and not has_later_mark(files))


def has_later_mark(files: Files) -> bool:
    """Whether a line after the first begins with a byte-order mark, which Spark cannot tell from one at the start."""
    lines = (line for contents in files.values() for content in contents for line in content.split(b"\n")[1:])
    return any(line.startswith(BOM_UTF8) for line in lines)


# Three jobs on four kinds of records take half a minute: few logs, each of some little shops.
@settings(max_examples=2)
@given(files=with_events(6))
def test_answers_of_lines_are_the_models(
    spark: SparkSession, places: Iterator[Path], files: dict[str, list[bytes]]
) -> None:
    found = load(spark, places, files)
    judged = judge(files, RUN_DATE)
    assert found.reasons == {kind: dict(counts) for kind, counts in judged.reasons.items()}
    assert counted(found.judged.log_warnings) == {kind: dict(counts) for kind, counts in judged.warnings.items()}
    # Which of two equal records stays is nobody's business, and they may differ in what is no field.
    assert named(found.judged.unnamed_fields).keys() <= named(judged.unnamed).keys()
    expected = answers(*judged.accepted.values(), RUN_DATE, judged.warnings)
    assert found.texts == {f"{name}.tsv": expected.text(name) for name in expected.tables}


def differs_in_plain_values(files: Files) -> bool:
    """Whether no two records differ in sensitive values alone: without a key those are one to a later day."""
    accepted = judge(files, RUN_DATE).accepted.values()
    return all(len({masked(row, None) for row in rows}) == len(rows) for rows in accepted)


@settings(max_examples=1)
@given(files=with_events(6).filter(differs_in_plain_values), seed=st.integers(0, 2**16))
def test_days_add_up_to_one_load(spark: SparkSession, places: Iterator[Path], files: Files, seed: int) -> None:
    whole = load(spark, places, files)
    place = next(places)
    lake = Lake(str(place / "lake"), "shop")
    for day, arrived in days_of(files, Random(seed)).items():
        found = run_shop(spark, lake, write_files(arrived, place / str(day)), day, loads.DAILY)
        publish_run(lake, day)
    assert found.texts == whole.texts


def load(spark: SparkSession, places: Iterator[Path], files: Files) -> Left:
    place = next(places)
    return run_shop(spark, Lake(str(place / "lake"), "shop"), write_files(files, place / "log"), RUN_DATE)


def days_of(files: Files, random: Random) -> dict[date, dict[str, list[bytes]]]:
    """Deal the lines of a log out to the days on which they arrive, none before its time is plausible."""
    arrived: dict[date, dict[str, list[bytes]]] = {day: {kind: [b""] for kind in files} for day in DAYS}
    for kind, contents in files.items():
        for line in (line for content in contents for line in lines_of(content)):
            day = random.choice(DAYS)
            is_early = judge_line(kind, line, day) == "implausible_time"
            arrived[RUN_DATE if is_early else day][kind][0] += line + b"\n"
    return arrived


def counted(warnings: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    return {kind: dict(+Counter(counts)) for kind, counts in warnings.items()}


def named(counts: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """The counts of each kind that has any."""
    return {kind: dict(found) for kind, found in counts.items() if found}
