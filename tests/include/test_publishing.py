"""A run is published by the DAG or by a person, and the log is locked meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from include import run_lock
from include.publishing import Decision, accept, decision_of, decision_on, not_accepted, publish_run
from include.records import read_record, write_record
from spark_jobs.lake.errors import ForeignSnapshotError, LockedError, SupersededError
from spark_jobs.lake.listening import ANSWER, LISTENS, NAMESPACE
from spark_jobs.lake.published import Published, published, run_dates
from spark_jobs.shared.lake import Lake
from tests.logs import RUN_DATE
from tests.published import run_id_of, write_tables

DECISION = Decision("ann", "2009-05-05T08:00:00+00:00", "the label agreed")
RUN = run_id_of(RUN_DATE)


def written(lake: Lake, run_id: str = "") -> dict[str, int]:
    return write_tables(lake, RUN_DATE, {LISTENS.name: [], ANSWER.name: []}, run_id)


def read_published(lake: Lake) -> Published:
    with lake.catalog.open() as catalog:
        return published(catalog, NAMESPACE, ANSWER.name, RUN_DATE)


def test_publishing_again_changes_nothing(lake: Lake) -> None:
    snapshots = written(lake)
    for _ in range(2):
        publish_run(lake, RUN_DATE, RUN, snapshots)
        assert read_published(lake) == Published(RUN_DATE, RUN, snapshots)
    assert read_record(lake, "publish", RUN_DATE)["snapshots"] == snapshots
    assert decision_of(lake, read_published(lake)) is None


def test_snapshots_of_another_run_are_not_published(lake: Lake) -> None:
    with pytest.raises(ForeignSnapshotError, match="was made by the run another of 2009-05-04, not by run 2009-05-04"):
        publish_run(lake, RUN_DATE, RUN, written(lake, "another"))
    with lake.catalog.open() as catalog:
        assert run_dates(catalog, NAMESPACE, ANSWER.name) == []


def test_only_a_person_publishes_over_newer_snapshots(lake: Lake) -> None:
    older, newer = written(lake), written(lake)
    publish_run(lake, RUN_DATE, RUN, newer)
    with pytest.raises(SupersededError, match="a person may decide"):
        publish_run(lake, RUN_DATE, RUN, older)
    publish_run(lake, RUN_DATE, RUN, older, DECISION, over_newer=True)
    assert read_published(lake).snapshots == older


def test_accepted_claim_is_that_of_the_same_data(lake: Lake) -> None:
    accept(lake, RUN_DATE, ["score: found 85", "names: found 2 of 9 rows unexpected, such as a, b (expect)"], DECISION)
    accept(lake, RUN_DATE, ["order: found 1"], DECISION)
    again = ["score: found 85", "names: found 2 of 9 rows unexpected, such as b, a (expect)", "order: found 1"]
    assert not_accepted(lake, RUN_DATE, again) == []
    assert not_accepted(lake, RUN_DATE, ["score: found 84"]) == ["score: found 84"]
    assert not_accepted(lake, RUN_DATE + timedelta(days=1), again) == again


def test_decision_counts_where_a_check_needed_it(lake: Lake) -> None:
    accept(lake, RUN_DATE, ["score: found 85"], DECISION)
    write_record(lake, "check_listens", RUN_DATE, {"critical": []})
    assert decision_on(lake, RUN_DATE, ["check_listens"]) is None
    write_record(lake, "check_listens", RUN_DATE, {"critical": ["score: found 85"]})
    assert decision_on(lake, RUN_DATE, ["check_listens"]) == DECISION


def test_decision_is_told_of_the_run_it_was_made_for(lake: Lake) -> None:
    decided = written(lake)
    publish_run(lake, RUN_DATE, RUN, decided, DECISION)
    said = {"by": "ann", "at": "2009-05-05T08:00:00+00:00", "reason": "the label agreed"}
    assert decision_of(lake, read_published(lake)) == said
    assert decision_of(lake, Published(RUN_DATE, RUN, {**decided, LISTENS.name: 7})) is None
    assert decision_of(lake, Published(RUN_DATE + timedelta(days=1), RUN, decided)) is None


def test_one_run_holds_the_log_until_it_releases_it(lake: Lake) -> None:
    run_lock.take(lake, "first")
    run_lock.take(lake, "first")
    with pytest.raises(LockedError, match="is being written by the run first"):
        run_lock.take(lake, "second")
    assert not run_lock.release(lake, "second")
    assert run_lock.release(lake, "first")
    run_lock.take(lake, "second")


def test_runs_of_one_clone_hold_the_log_together(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(run_lock.HOLDER, "make run of a clone")
    run_lock.take(lake, "killed")
    run_lock.take(lake, "its next one")
    monkeypatch.setenv(run_lock.HOLDER, "make run of another clone")
    with pytest.raises(LockedError, match="is being written by the run make run of a clone"):
        run_lock.take(lake, "killed")
