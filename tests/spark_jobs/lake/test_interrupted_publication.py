"""A publication that is cut off shows readers one run or none, and is completed by running it again."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table
from pyspark.sql import SparkSession

from spark_jobs.lake import publication as publication_module
from spark_jobs.lake import published as published_module
from spark_jobs.lake.catalog import LakeCatalog
from spark_jobs.lake.errors import NotPublishedError
from tests.spark_jobs.lake.days import (
    MONDAY,
    PLAYS,
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


def test_late_commit_of_killed_try_changes_nothing(spark: SparkSession, lake: LakeCatalog) -> None:
    late = slowly(plays(spark, ("zoe", 9)), 6000)
    stage = a_try(lake)
    killed = threading.Thread(target=_ignoring_errors, args=(lambda: stage.replace(late, PLAYS),))
    killed.start()
    run = run_of(spark, lake, MONDAY, plays(spark, ("ann", 1)))
    publish_run(lake, MONDAY, run)

    is_writing = killed.is_alive()
    killed.join()

    assert is_writing
    assert published_run(lake, MONDAY).snapshots == mains_of(lake) == run
    assert rows_of(spark, run[PLAYS.name]) == [("ann", 1)]


@pytest.mark.parametrize("changes", range(7))
def test_cut_off_publication_is_completed(
    spark: SparkSession, lake: LakeCatalog, monkeypatch: pytest.MonkeyPatch, changes: int
) -> None:
    first = run_of(spark, lake, MONDAY, plays(spark, ("ann", 1)))
    publish_run(lake, MONDAY, first)
    again = run_of(spark, lake, MONDAY, plays(spark, ("ben", 2)), run_id="again")
    _cut_off_after(monkeypatch, changes)
    with pytest.raises(KeyboardInterrupt):
        publish_run(lake, MONDAY, again, run_id="again")
    monkeypatch.undo()

    assert _seen(lake, MONDAY) in (None, first, again)
    publish_run(lake, MONDAY, again, run_id="again")

    assert published_run(lake, MONDAY).snapshots == mains_of(lake) == again
    assert branches_in(lake) == set()


def _seen(lake: LakeCatalog, day: date) -> dict[str, int] | None:
    try:
        return dict(published_run(lake, day).snapshots)
    except NotPublishedError:
        return None


def _cut_off_after(monkeypatch: pytest.MonkeyPatch, changes: int) -> None:
    """Have the process end after so many commits to a table."""
    done, commit = [], publication_module.commit

    def counted(*arguments: object) -> object:
        if len(done) == changes:
            raise KeyboardInterrupt
        done.append(arguments)
        return commit(*arguments)

    monkeypatch.setattr(publication_module, "commit", counted)


def _ignoring_errors(work) -> None:
    try:
        work()
    except Exception:
        return


def test_reader_looks_again_during_a_publication(
    spark: SparkSession, lake: LakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_run(lake, MONDAY, run_of(spark, lake, MONDAY, plays(spark, ("ann", 1))))
    again = run_of(spark, lake, MONDAY, plays(spark, ("ben", 2)))
    looks, load_all = [], published_module.load_all

    def published_meanwhile(catalog: SqlCatalog, namespace: str) -> dict[str, Table]:
        looks.append(load_all(catalog, namespace))
        if len(looks) > 1:
            return looks[-1]
        # The reader has the plays of the first run, and finds the other tables as the second run leaves them.
        publish_run(lake, MONDAY, again)
        return {**load_all(catalog, namespace), PLAYS.name: looks[0][PLAYS.name]}

    monkeypatch.setattr(published_module, "load_all", published_meanwhile)

    assert published_run(lake, MONDAY).snapshots == again
    assert len(looks) == 2
