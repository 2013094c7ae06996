"""Maintenance removes what is old, and nothing that a reader, a person or a running writer may still want."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_jobs.lake.catalog import LakeCatalog
from spark_jobs.lake.errors import NotPublishedError
from spark_jobs.lake.maintenance import Keep, Removed, maintain
from spark_jobs.lake.tries import Try, read_added
from tests.frames import frame_of
from tests.spark_jobs.lake.days import (
    ANSWER,
    MONDAY,
    NAMESPACE,
    PLAYS,
    TUESDAY,
    WEDNESDAY,
    a_try,
    branches_in,
    mains_of,
    plays,
    publish_run,
    published_run,
    rows_of,
    run_of,
    slowly,
)

TWO_DAYS = 2 * 24 * 3600
AT_ONCE = Keep(dates=2, snapshots=timedelta(0))


def _maintain(spark: SparkSession, lake: LakeCatalog, keep: Keep = AT_ONCE) -> Removed:
    return maintain(spark, lake, NAMESPACE, ANSWER.name, keep)


def _three_days(spark: SparkSession, lake: LakeCatalog) -> list[dict[str, int]]:
    runs = []
    for day, user in ((MONDAY, "ann"), (TUESDAY, "ben"), (WEDNESDAY, "cid")):
        runs.append(run_of(spark, lake, day, plays(spark, (user, 1))))
        publish_run(lake, day, runs[-1])
    return runs


def test_lake_without_a_run_is_maintained(spark: SparkSession, lake: LakeCatalog) -> None:
    assert _maintain(spark, lake) == Removed(dates=[], branches=[], data_files=0, orphans=0)


def _data_files(lake: LakeCatalog) -> set[Path]:
    return set(Path(lake.root).glob(f"warehouse/{NAMESPACE}/{PLAYS.name}/data/**/*.parquet"))


def _old_branch(lake: LakeCatalog, spark: SparkSession, run_id: str) -> str:
    stage = a_try(lake, run_id=run_id)
    old = replace(stage, branch=stage.branch[:22] + "20200101t000000" + stage.branch[-9:])
    old.replace(plays(spark, ("zoe", 1)), PLAYS)
    return old.branch


def test_newest_dates_stay(spark: SparkSession, lake: LakeCatalog) -> None:
    runs = _three_days(spark, lake)
    before = _data_files(lake)

    removed = _maintain(spark, lake)

    assert removed.dates == [MONDAY]
    assert removed.data_files == 2
    assert len(before - _data_files(lake)) == 1
    with pytest.raises(NotPublishedError):
        published_run(lake, MONDAY)
    assert [published_run(lake, day).snapshots for day in (TUESDAY, WEDNESDAY)] == runs[1:]
    assert [rows_of(spark, run[PLAYS.name]) for run in runs[1:]] == [[("ben", 1)], [("cid", 1)]]
    assert mains_of(lake) == runs[-1]
    assert _maintain(spark, lake) == Removed([], [], 0, 0)


def test_replaced_snapshots_stay_for_a_day(spark: SparkSession, lake: LakeCatalog) -> None:
    first = run_of(spark, lake, MONDAY, plays(spark, ("ann", 1)))
    publish_run(lake, MONDAY, first)
    publish_run(lake, MONDAY, run_of(spark, lake, MONDAY, plays(spark, ("ben", 1)), "again"), "again")

    removed = _maintain(spark, lake, Keep())

    assert removed.data_files == 0
    assert rows_of(spark, first[PLAYS.name]) == [("ann", 1)]


def test_abandoned_branch_goes_and_young_one_stays(spark: SparkSession, lake: LakeCatalog) -> None:
    abandoned = _old_branch(lake, spark, "dead")
    young = a_try(lake, run_id="checked by a person")
    snapshot = young.replace(plays(spark, ("ann", 1)), PLAYS)

    removed = _maintain(spark, lake)

    assert removed.branches == [abandoned]
    assert branches_in(lake) == {young.branch}
    assert rows_of(spark, snapshot) == [("ann", 1)]


def test_files_taken_from_aside_outlive_it(spark: SparkSession, lake: LakeCatalog) -> None:
    stage = a_try(lake)
    taken = stage.take(stage.set_aside(plays(spark, ("ann", 1), (None, 2)), PLAYS, None), PLAYS, None)
    others = run_of(spark, lake, MONDAY, plays(spark, ("ben", 1)))
    answer = a_try(lake, plays=taken).replace(frame_of(spark, [(1,)], ANSWER.schema), ANSWER)
    publish_run(lake, MONDAY, {**others, PLAYS.name: taken, ANSWER.name: answer})

    _maintain(spark, lake)

    assert branches_in(lake) == set()
    assert rows_of(spark, taken) == [("ann", 1)]
    assert len(_data_files(lake)) == 1


def _compacted(spark: SparkSession, lake: LakeCatalog) -> tuple[dict[str, int], Try]:
    """A published Monday of small files, and a try of Tuesday that adds one play and compacts all."""
    run = run_of(spark, lake, MONDAY, plays(spark, ("ann", 0)))
    for hour in range(1, 5):
        run[PLAYS.name] = a_try(lake, MONDAY).add(plays(spark, ("ann", hour)), PLAYS, run[PLAYS.name])
    of_answer = a_try(lake, MONDAY, plays=run[PLAYS.name])
    run[ANSWER.name] = of_answer.replace_here(None, ANSWER)
    publish_run(lake, MONDAY, run)
    return run, a_try(lake, TUESDAY, plays=run[PLAYS.name])


def test_what_was_added_stays_with_its_branch(spark: SparkSession, lake: LakeCatalog) -> None:
    run, daily = _compacted(spark, lake)
    base = run[PLAYS.name]
    added = daily.add(plays(spark, ("ann", 5)), PLAYS, base)
    assert daily.compact(spark, PLAYS) != added

    _maintain(spark, lake)

    assert read_added(spark, NAMESPACE, PLAYS, base, added).collect() == [("ann", 5)]
    assert _maintain(spark, lake, Keep(branches=timedelta(0))).branches == [daily.branch, f"{daily.branch}_added"]
    assert branches_in(lake) == set()


def test_publication_drops_the_tag_of_what_was_added(spark: SparkSession, lake: LakeCatalog) -> None:
    run, daily = _compacted(spark, lake)
    daily.add(plays(spark, ("ann", 5)), PLAYS, run[PLAYS.name])
    of_plays = daily.compact(spark, PLAYS)
    of_answer = a_try(lake, TUESDAY, plays=of_plays).replace_here(None, ANSWER)
    assert f"{daily.branch}_added" in branches_in(lake)

    publish_run(lake, TUESDAY, {PLAYS.name: of_plays, ANSWER.name: of_answer})

    assert branches_in(lake) == set()


def test_orphans_of_two_days_go(spark: SparkSession, lake: LakeCatalog) -> None:
    run = run_of(spark, lake, MONDAY, plays(spark, ("ann", 1)))
    publish_run(lake, MONDAY, run)
    _age(Path(lake.root) / "warehouse", TWO_DAYS)
    old, young = _orphan(lake, "old", TWO_DAYS), _orphan(lake, "young", 0)

    removed = _maintain(spark, lake)

    assert (removed.orphans, old.exists(), young.exists()) == (1, False, True)
    assert rows_of(spark, run[PLAYS.name]) == [("ann", 1)]


def test_running_writer_is_not_hurt(spark: SparkSession, lake: LakeCatalog) -> None:
    _three_days(spark, lake)
    made: list[int] = []
    rows = slowly(plays(spark, *((f"user {number}", 1) for number in range(6))), 3000)
    stage = a_try(lake, WEDNESDAY, "again")
    writer = threading.Thread(target=lambda: made.append(stage.replace(rows, PLAYS)))
    writer.start()

    _maintain(spark, lake)
    is_writing = writer.is_alive()
    writer.join()

    assert is_writing
    assert len(rows_of(spark, made[0])) == 6


def _orphan(lake: LakeCatalog, name: str, age: int) -> Path:
    place = Path(lake.root) / "warehouse" / NAMESPACE / PLAYS.name / "data"
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{name}.parquet").write_bytes(b"left by a killed writer")
    _age(place / f"{name}.parquet", age)
    return place / f"{name}.parquet"


def _age(place: Path, seconds: int) -> None:
    then = time.time() - seconds
    for path in [place, *place.rglob("*")]:
        os.utime(path, (then, then))
