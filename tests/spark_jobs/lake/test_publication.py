"""A run is published from the snapshots that were checked; readers of a date see one run, or that there is none."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from spark_jobs.lake.catalog import LakeCatalog
from spark_jobs.lake.errors import BackwardsError, ForeignSnapshotError, NotPublishedError, SupersededError
from spark_jobs.lake.publication import drop_branches
from spark_jobs.lake.published import Published, base_of, run_dates
from tests.frames import frame_of
from tests.spark_jobs.lake.days import (
    ANSWER,
    MONDAY,
    NAMESPACE,
    PLAYS,
    REJECTED,
    TABLES,
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
)


def test_published_run_is_main_and_tag(spark: SparkSession, lake: LakeCatalog) -> None:
    run = run_of(spark, lake, MONDAY, plays(spark, ("ann", 1), ("ben", 2)))

    publish_run(lake, MONDAY, run)

    assert published_run(lake, MONDAY) == Published(MONDAY, f"run {MONDAY}", run)
    assert mains_of(lake) == run
    assert spark.table(f"{PLAYS.full_name(NAMESPACE)}.`tag_{MONDAY}`").count() == 2
    assert branches_in(lake) == set()


def test_publishing_again_changes_nothing(spark: SparkSession, lake: LakeCatalog) -> None:
    run = run_of(spark, lake, MONDAY, plays(spark, ("ann", 1)))
    publish_run(lake, MONDAY, run)
    before = _pointers(lake)

    publish_run(lake, MONDAY, run)

    assert _pointers(lake) == before


def test_date_run_again_replaces_it(spark: SparkSession, lake: LakeCatalog) -> None:
    publish_run(lake, MONDAY, run_of(spark, lake, MONDAY, plays(spark, ("ann", 1))))
    again = run_of(spark, lake, MONDAY, plays(spark, ("ben", 2)), run_id="again")

    publish_run(lake, MONDAY, again, run_id="again")

    assert published_run(lake, MONDAY) == Published(MONDAY, "again", again)
    assert mains_of(lake) == again


def test_earlier_date_leaves_main_and_later_tags(spark: SparkSession, lake: LakeCatalog) -> None:
    first = run_of(spark, lake, MONDAY, plays(spark, ("ann", 1)))
    publish_run(lake, MONDAY, first)
    tuesday = a_try(lake, TUESDAY, plays=first[PLAYS.name]).add(plays(spark, ("ann", 2)), PLAYS, first[PLAYS.name])
    later = run_of(spark, lake, TUESDAY, plays(spark, ("ann", 2))) | {PLAYS.name: tuesday}
    later[ANSWER.name] = a_try(lake, TUESDAY, plays=tuesday).replace(frame_of(spark, [(2,)], ANSWER.schema), ANSWER)
    publish_run(lake, TUESDAY, later)

    again = run_of(spark, lake, MONDAY, plays(spark, ("ben", 2)), run_id="again")
    publish_run(lake, MONDAY, again, run_id="again")

    assert published_run(lake, MONDAY).snapshots == again
    assert published_run(lake, TUESDAY).snapshots == mains_of(lake) == later


def test_earlier_date_for_the_first_time(spark: SparkSession, lake: LakeCatalog) -> None:
    later = run_of(spark, lake, TUESDAY, plays(spark, ("ann", 1)))
    publish_run(lake, TUESDAY, later)

    earlier = run_of(spark, lake, MONDAY, plays(spark, ("ben", 2)))
    publish_run(lake, MONDAY, earlier)

    assert published_run(lake, MONDAY).snapshots == earlier
    assert mains_of(lake) == later


def test_unpublished_run_is_seen_by_nobody(spark: SparkSession, lake: LakeCatalog) -> None:
    monday = run_of(spark, lake, MONDAY, plays(spark, ("ann", 1)))
    publish_run(lake, MONDAY, monday)
    run_of(spark, lake, TUESDAY, plays(spark, ("ben", 2)))

    assert mains_of(lake) == monday
    with pytest.raises(NotPublishedError, match=f"published run dates: {MONDAY}"):
        published_run(lake, TUESDAY)


def test_rejected_run_is_read_by_its_branch(spark: SparkSession, lake: LakeCatalog) -> None:
    stage = a_try(lake)
    stage.replace(plays(spark, ("ann", 1)), PLAYS)

    assert spark.table(f"{PLAYS.full_name(NAMESPACE)}.branch_{stage.branch}").count() == 1


def test_empty_day_differs_from_no_run(spark: SparkSession, lake: LakeCatalog) -> None:
    empty = run_of(spark, lake, MONDAY, plays(spark))
    publish_run(lake, MONDAY, empty)

    assert rows_of(spark, published_run(lake, MONDAY).snapshots[PLAYS.name]) == []
    with pytest.raises(NotPublishedError):
        published_run(lake, TUESDAY)


def test_checked_snapshots_are_readable_after_publication(spark: SparkSession, lake: LakeCatalog) -> None:
    run = run_of(spark, lake, MONDAY, plays(spark, ("ann", 1)))
    publish_run(lake, MONDAY, run)
    publish_run(lake, TUESDAY, run_of(spark, lake, TUESDAY, plays(spark, ("ben", 2))))

    assert rows_of(spark, run[PLAYS.name]) == [("ann", 1)]


def test_stage_run_again_is_published_whole(spark: SparkSession, lake: LakeCatalog) -> None:
    first = run_of(spark, lake, MONDAY, plays(spark, ("ann", 1)))
    publish_run(lake, MONDAY, first)
    rejected = a_try(lake).replace(frame_of(spark, [(b"?", "why")], REJECTED.schema), REJECTED)

    publish_run(lake, MONDAY, first | {REJECTED.name: rejected})

    assert published_run(lake, MONDAY).snapshots == first | {REJECTED.name: rejected}


def test_table_missing_from_a_rerun_loses_its_tag(spark: SparkSession, lake: LakeCatalog) -> None:
    publish_run(lake, MONDAY, run_of(spark, lake, MONDAY, plays(spark, ("ann", 1))))
    again = run_of(spark, lake, MONDAY, plays(spark, ("ben", 2)), run_id="again")
    del again[REJECTED.name]

    publish_run(lake, MONDAY, again, run_id="again")

    assert published_run(lake, MONDAY).snapshots == again


def test_snapshot_of_another_run_is_refused(spark: SparkSession, lake: LakeCatalog) -> None:
    run = run_of(spark, lake, MONDAY, plays(spark, ("ann", 1)))

    with pytest.raises(ForeignSnapshotError, match="was made by the run run 2026-11-16 of 2026-11-16"):
        publish_run(lake, MONDAY, run, run_id="another")
    with pytest.raises(NotPublishedError):
        published_run(lake, MONDAY)


def test_answer_of_replaced_snapshot_is_refused(spark: SparkSession, lake: LakeCatalog) -> None:
    run = run_of(spark, lake, MONDAY, plays(spark, ("ann", 1)))
    again = a_try(lake).replace(plays(spark, ("ben", 2)), PLAYS)

    with pytest.raises(ForeignSnapshotError, match="run the stage that makes answer again"):
        publish_run(lake, MONDAY, run | {PLAYS.name: again})


def test_older_run_does_not_replace_newer(spark: SparkSession, lake: LakeCatalog) -> None:
    older = run_of(spark, lake, MONDAY, plays(spark, ("ann", 1)), run_id="older")
    newer = run_of(spark, lake, MONDAY, plays(spark, ("ben", 2)), run_id="newer")
    publish_run(lake, MONDAY, newer, run_id="newer")

    with pytest.raises(SupersededError):
        publish_run(lake, MONDAY, older, run_id="older")
    assert published_run(lake, MONDAY).snapshots == newer

    publish_run(lake, MONDAY, older, run_id="older", over_newer=True)
    assert published_run(lake, MONDAY).snapshots == mains_of(lake) == older


def test_tag_moved_by_hand_is_found(spark: SparkSession, lake: LakeCatalog) -> None:
    run = run_of(spark, lake, MONDAY, plays(spark, ("ann", 1)))
    publish_run(lake, MONDAY, run)
    other = a_try(lake).replace(plays(spark, ("ben", 2)), PLAYS)
    with lake.open() as catalog:
        table = catalog.load_table((NAMESPACE, PLAYS.name))
        table.manage_snapshots().remove_tag(str(MONDAY)).create_tag(other, str(MONDAY)).commit()

    with pytest.raises(NotPublishedError, match="not of one run: answer is of run 2026-11-16, and plays of another"):
        published_run(lake, MONDAY)


def test_base_is_latest_earlier_date(spark: SparkSession, lake: LakeCatalog) -> None:
    monday = run_of(spark, lake, MONDAY, plays(spark, ("ann", 1)))
    publish_run(lake, MONDAY, monday)
    with lake.open() as catalog:
        assert base_of(catalog, NAMESPACE, ANSWER.name, MONDAY) is None
        assert base_of(catalog, NAMESPACE, ANSWER.name, WEDNESDAY).snapshots == monday
        assert run_dates(catalog, NAMESPACE, ANSWER.name) == [MONDAY]


def test_backward_daily_load_is_refused(spark: SparkSession, lake: LakeCatalog) -> None:
    publish_run(lake, WEDNESDAY, run_of(spark, lake, WEDNESDAY, plays(spark, ("ann", 1))))

    with lake.open() as catalog, pytest.raises(BackwardsError, match="load the days in order"):
        base_of(catalog, NAMESPACE, ANSWER.name, TUESDAY)


def test_branches_of_other_runs_stay(spark: SparkSession, lake: LakeCatalog) -> None:
    ours, theirs = a_try(lake), a_try(lake, run_id="another")
    for one in (ours, theirs):
        one.replace(plays(spark, ("ann", 1)), PLAYS)

    with lake.open() as catalog:
        drop_branches(catalog, NAMESPACE, MONDAY, f"run {MONDAY}")

    assert branches_in(lake) == {theirs.branch}


def _pointers(lake: LakeCatalog) -> dict[str, str]:
    with lake.open() as catalog:
        return {table.name: catalog.load_table((NAMESPACE, table.name)).metadata_location for table in TABLES}
