"""The funnel by user is that of ClickHouse's windowFunnel, but for the differences that are listed here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import chdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.conversion.cut import cut_events, with_chains, with_steps
from spark_jobs.conversion.funnels import WINDOW, funnels, user_funnels
from spark_jobs.conversion.steps import STEP_TIMES, STEPS, deepest_step
from spark_jobs.logs.shop.contract import SHOP

USERS = 100_000
MICROSECOND, MINUTE = timedelta(microseconds=1), timedelta(minutes=1)
DAY = timedelta(days=1)
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
# Up to 12 events of a user: many at one instant, and many at the window's end.
PAUSES = [timedelta(0), timedelta(0), MICROSECOND, MINUTE, 31 * MINUTE, DAY, 3 * DAY, WINDOW, WINDOW + MICROSECOND]
# In these, users reach each of the steps.
WEIGHTS = [0.3, 0.2, 0.2, 0.1, 0.1, 0.1]
TYPES = [*STEPS, "SEARCH"]


@dataclass(frozen=True)
class Made:
    """Events in a file of Parquet: `user_id`, `occurred_at`, `event_type`."""

    file: Path

    def events(self, spark: SparkSession) -> DataFrame:
        """The events, with the columns that no funnel looks at."""
        texts = {"event_id": "e", "device_type": "other", "product_id": None, "transaction_id": None}
        columns = {name: F.lit(text).cast("string") for name, text in texts.items()}
        return spark.read.parquet(str(self.file)).withColumns(columns | {"quantity": F.lit(1)})

    def window_funnel(self, mode: str = "", unit: str = "micro") -> dict[str, int]:
        """The depth of each user that ClickHouse finds, with times in microseconds or in seconds."""
        scale = {"micro": 1, "second": 1_000_000}[unit]
        told = [str(WINDOW // MICROSECOND // scale), *([f"'{mode}'"] if mode else [])]
        time = f"toUInt64(intDiv(toUnixTimestamp64Micro(occurred_at), {scale}))"
        steps = ", ".join(f"event_type = '{step}'" for step in STEPS)
        depth = f"windowFunnel({', '.join(told)})({time}, {steps})"
        query = f"SELECT user_id, {depth} AS depth FROM file('{self.file}') GROUP BY user_id"  # noqa: S608
        return dict(zip(*chdb.query(query, "ArrowTable").to_pydict().values(), strict=True))


def depths(spark: SparkSession, made: Made) -> dict[str, int]:
    """The depth of each user as the answers have it; users without a PAGE_VIEW have none."""
    no_failed = spark.createDataFrame([], "transaction_id string")
    cut = cut_events(with_chains(with_steps(made.events(spark), no_failed)), SHOP.sessions.gap)
    depth = deepest_step([F.col(time) for time in STEP_TIMES]).alias("depth")
    found = user_funnels(funnels(cut)).select("user_id", depth).toArrow()
    return dict(zip(*found.to_pydict().values(), strict=True))


def made_of(home: Path, rows: list[tuple[str, datetime, str]]) -> Made:
    users, times, types = zip(*rows, strict=True)
    moments = pa.array(times, pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"user_id": users, "occurred_at": moments, "event_type": types}), home / "events.parquet")
    return Made(home / "events.parquet")


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The events of many users, in no order."""
    random = np.random.default_rng(7)
    numbers = np.repeat(np.arange(USERS), random.integers(1, 13, USERS))
    pauses = random.choice(np.array([pause // MICROSECOND for pause in PAUSES]), len(numbers))
    # Whoever begins later is none the worse: each user's times begin where the previous user's end.
    so_far = np.cumsum(pauses)
    firsts = np.concatenate([[0], np.flatnonzero(np.diff(numbers)) + 1])
    times = so_far - np.repeat(so_far[firsts], np.diff([*firsts, len(numbers)]))
    types = random.choice(np.array(TYPES), len(numbers), p=WEIGHTS)
    order = random.permutation(len(numbers))
    file = tmp_path_factory.mktemp("generated") / "events.parquet"
    table = {
        "user_id": pa.array(np.char.mod("u%06d", numbers[order])),
        "occurred_at": pa.array(times[order] + int(NOON.timestamp()) * 1_000_000).cast(pa.timestamp("us", "UTC")),
        "event_type": pa.array(types[order]),
    }
    pq.write_table(pa.table(table), file)
    return Made(file)


def test_depths_are_those_of_window_funnel(spark: SparkSession, generated: Made) -> None:
    found, expected = depths(spark, generated), generated.window_funnel()
    assert len(expected) == USERS
    assert set(expected.values()) == {0, 1, 2, 3, 4, 5}
    # Without a PAGE_VIEW ClickHouse has a depth of 0, and the answers have no row.
    assert found == {user: depth for user, depth in expected.items() if depth}


@dataclass(frozen=True)
class Difference:
    """A user's events (seconds after noon, type), and the depth that the answers and that ClickHouse find."""

    events: tuple[tuple[float, str], ...]
    ours: int
    theirs: int
    mode: str = ""
    unit: str = "micro"


VIEW, PRODUCT, CART, WEEK = "PAGE_VIEW", "PRODUCT_VIEW", "ADD_TO_CART", WINDOW.total_seconds()
SAME = {
    "ties in any order are steps in theirs": Difference(((0, CART), (0, PRODUCT), (0, VIEW)), 3, 3),
    "the window is inclusive": Difference(((0, VIEW), (1, PRODUCT), (WEEK, CART)), 3, 3),
    "a later start may go deeper": Difference(((0, VIEW), (1, VIEW), (WEEK + 1, PRODUCT)), 2, 2),
    "no event is two steps": Difference(((0, VIEW), (1, PRODUCT), (2, CART)), 3, 3, "strict_once"),
}
DIFFERENT = {
    "strict_increase takes no ties": Difference(((0, VIEW), (0, PRODUCT), (0, CART)), 3, 1, "strict_increase"),
    "strict_order takes no other event": Difference(((0, VIEW), (1, "SEARCH"), (2, PRODUCT)), 2, 1, "strict_order"),
    "strict_order takes no step too early": Difference(((0, VIEW), (1, CART), (2, PRODUCT)), 2, 1, "strict_order"),
    # The only one that needs four rows.
    "strict_deduplication takes no step twice": Difference(
        ((0, VIEW), (1, PRODUCT), (2, PRODUCT), (3, CART)), 3, 2, "strict_deduplication"
    ),
    "seconds lose the order within a second": Difference(
        ((0.1, PRODUCT), (0.2, VIEW), (0.3, CART)), 1, 3, unit="second"
    ),
    "seconds lose the end of the window": Difference(
        ((0, VIEW), (1, PRODUCT), (WEEK + 1e-6, CART)), 2, 3, unit="second"
    ),
    "nobody without a start is 0": Difference(((0, PRODUCT), (1, CART), (2, "PURCHASE")), 0, 0),
}


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Made:
    rows = [
        (name, NOON + timedelta(seconds=seconds), event_type)
        for name, one in (SAME | DIFFERENT).items()
        for seconds, event_type in one.events
    ]
    return made_of(tmp_path_factory.mktemp("few"), rows)


@pytest.fixture(scope="module")
def few_depths(spark: SparkSession, few: Made) -> dict[str, int]:
    return depths(spark, few)


@pytest.mark.parametrize(("name", "one"), (SAME | DIFFERENT).items())
def test_window_funnel_is_known_where_it_differs(
    few: Made, few_depths: dict[str, int], name: str, one: Difference
) -> None:
    assert (few_depths.get(name, 0), few.window_funnel(one.mode, one.unit)[name]) == (one.ours, one.theirs)
