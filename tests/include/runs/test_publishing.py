"""A run is published by the DAG or by a person, and the log is locked meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from include.runs import run_lock
from include.runs.acceptance import UncheckedError
from include.runs.daily_base import ReplacedBaseError
from include.runs.publishing import publish_run
from spark_jobs.lake.errors import BackwardsError, ForeignSnapshotError, LockedError, SupersededError
from spark_jobs.lake.published import Published, published, run_dates
from spark_jobs.logs.listening.tables import LISTENS
from spark_jobs.ranking.tables import TOP_SONGS as ANSWER
from spark_jobs.shared import loads
from spark_jobs.shared.documents import read_publication
from spark_jobs.shared.errors import OtherRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.publication_record import Decision
from tests.logs import RUN_DATE
from tests.published import leave_record, leave_records, run_id_of, write_tables
from tests.records import based_on

DECISION = Decision(by="ann", at="2009-05-05T08:00:00Z", reason="the label agreed")
RUN = run_id_of(RUN_DATE)
NEXT, AFTER = RUN_DATE + timedelta(days=1), RUN_DATE + timedelta(days=2)


def written(
    lake: Lake, run_id: str = "", run_date: date = RUN_DATE, added_to: dict[str, int] | None = None, **facts: Any
) -> dict[str, int]:
    """Do what the stages and checks of a run do."""
    base = added_to[LISTENS.name] if added_to else None
    snapshots = write_tables(lake, run_date, {LISTENS.name: [], ANSWER.name: []}, run_id, base)
    leave_records(lake, run_date, snapshots, run_id, **facts)
    return snapshots


def added_to(snapshots: Mapping[str, int], run_date: date = RUN_DATE) -> dict[str, Any]:
    """Return what the record of a daily load says about its base."""
    return {"parameters": {"load": loads.DAILY}, "base": based_on(run_date, snapshots)}


def read_published(lake: Lake) -> Published:
    with lake.catalog.open() as catalog:
        return published(catalog, "listening", ANSWER.name, RUN_DATE)


def test_publishing_again_changes_nothing(lake: Lake) -> None:
    snapshots = written(lake)
    for _ in range(2):
        publish_run(lake, RUN_DATE, RUN, snapshots)
        assert read_published(lake) == Published(RUN_DATE, RUN, snapshots)
    kept = read_publication(lake, RUN_DATE, snapshots)
    assert (kept.snapshots, kept.decision) == (snapshots, None)
    assert (kept.answers.stage, tuple(kept.checks)) == ("ranking", lake.contract.checks)


def test_snapshots_of_another_run_are_not_published(lake: Lake) -> None:
    with pytest.raises(ForeignSnapshotError, match="was made by the run another of 2009-05-04, not by run 2009-05-04"):
        publish_run(lake, RUN_DATE, RUN, written(lake, "another"))
    with lake.catalog.open() as catalog:
        assert run_dates(catalog, "listening", ANSWER.name) == []


def test_only_a_person_publishes_over_newer_snapshots(lake: Lake) -> None:
    older, newer = written(lake), written(lake)
    publish_run(lake, RUN_DATE, RUN, newer)
    leave_records(lake, RUN_DATE, older)
    with pytest.raises(SupersededError, match="a person may decide"):
        publish_run(lake, RUN_DATE, RUN, older)
    publish_run(lake, RUN_DATE, RUN, older, DECISION, over_newer=True)
    assert read_published(lake).snapshots == older


def test_decision_is_kept_by_publishing_again(lake: Lake) -> None:
    decided = written(lake)
    publish_run(lake, RUN_DATE, RUN, decided, DECISION)
    publish_run(lake, RUN_DATE, RUN, decided)
    assert read_publication(lake, RUN_DATE, decided).decision == DECISION


def test_check_that_was_not_made_is_not_published(lake: Lake) -> None:
    snapshots = written(lake)
    leave_record(lake, "check_sessions", RUN_DATE, {"snapshots": snapshots, "errors": ["a lost executor"]})
    with pytest.raises(UncheckedError, match="check_sessions of 2009-05-04 has not checked everything"):
        publish_run(lake, RUN_DATE, RUN, snapshots)
    with lake.catalog.open() as catalog:
        assert run_dates(catalog, "listening", ANSWER.name) == []
    # A person may, and that stands.
    for decision in (DECISION, None):
        publish_run(lake, RUN_DATE, RUN, snapshots, decision)
        assert read_publication(lake, RUN_DATE, snapshots).decision == DECISION


def test_failed_run_leaves_what_was_published(lake: Lake) -> None:
    snapshots = written(lake)
    publish_run(lake, RUN_DATE, RUN, snapshots)
    kept = read_publication(lake, RUN_DATE, snapshots)
    # It stops before it is published.
    written(lake, "again")
    assert read_publication(lake, RUN_DATE, snapshots) == kept
    # The task of the first one, cleared.
    publish_run(lake, RUN_DATE, RUN, snapshots)
    assert read_publication(lake, RUN_DATE, snapshots) == kept


def test_check_run_again_after_publication_changes_no_tag(lake: Lake) -> None:
    snapshots = written(lake)
    publish_run(lake, RUN_DATE, RUN, snapshots)
    leave_record(lake, "check_listens", RUN_DATE, {"snapshots": snapshots, "info": ["a flag"]})
    publish_run(lake, RUN_DATE, RUN, snapshots)
    assert read_published(lake) == Published(RUN_DATE, RUN, snapshots)
    assert read_publication(lake, RUN_DATE, snapshots).checks["check_listens"].success


def test_second_publication_removes_the_first_ones_document(lake: Lake) -> None:
    for run_id in (RUN, "again"):
        snapshots = written(lake, run_id)
        publish_run(lake, RUN_DATE, run_id, snapshots)
    path = Path(lake.publication(RUN_DATE, snapshots[ANSWER.name]))
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("stage", ["ranking", "check_sessions"])
def test_run_with_another_runs_record_is_not_published(lake: Lake, stage: str) -> None:
    snapshots = written(lake)
    leave_record(lake, stage, RUN_DATE, {"snapshots": {ANSWER.name: 7}})
    with pytest.raises(OtherRecordError, match=f"the record of {stage} for 2009-05-04 tells of the snapshot 7"):
        publish_run(lake, RUN_DATE, RUN, snapshots)
    with lake.catalog.open() as catalog:
        assert run_dates(catalog, "listening", ANSWER.name) == []


def test_daily_run_overtaken_by_later_date_stays_unpublished(lake: Lake) -> None:
    base = written(lake)
    publish_run(lake, RUN_DATE, RUN, base)
    # It stopped at a check, and the next day went by.
    stopped = written(lake, "stopped", NEXT, **added_to(base))
    publish_run(lake, AFTER, "after", written(lake, "after", AFTER, **added_to(base)))
    for decision in (None, DECISION):
        with pytest.raises(BackwardsError, match="a daily load of 2009-05-05 comes too late: 2009-05-06 is published"):
            publish_run(lake, NEXT, "stopped", stopped, decision)


def test_daily_run_on_replaced_base_stays_unpublished(lake: Lake) -> None:
    base = written(lake)
    publish_run(lake, RUN_DATE, RUN, base)
    stopped = written(lake, "stopped", NEXT, **added_to(base))
    publish_run(lake, RUN_DATE, "again", written(lake, "again"))
    with pytest.raises(ReplacedBaseError, match="was added to 2009-05-04, and would now be added to another run"):
        publish_run(lake, NEXT, "stopped", stopped)

    # One that is published stays so.
    added = written(lake, "added", NEXT, **added_to(read_published(lake).snapshots))
    publish_run(lake, NEXT, "added", added)
    publish_run(lake, RUN_DATE, "once more", written(lake, "once more"))
    publish_run(lake, NEXT, "added", added)


def test_base_with_replaced_date_stops_the_daily_publication(lake: Lake) -> None:
    def daily(run_id: str, run_date: date, base: dict[str, int] | None, *files: str) -> dict[str, int]:
        """Write what a daily load of these files does, the last of them its own."""
        inputs = [{"file": name, "bytes": 1, "modified_ms": 0} for name in files]
        facts = added_to(base, run_date - timedelta(days=1)) if base else {"parameters": {"load": loads.DAILY}}
        return written(lake, run_id, run_date, base, input={"files": 1}, inputs=inputs, **facts)

    first = daily("first", RUN_DATE, None, "a")
    publish_run(lake, RUN_DATE, "first", first)
    second = daily("second", NEXT, first, "a", "b")
    publish_run(lake, NEXT, "second", second)
    # It stopped at a check, and the first day was run again.
    stopped = daily("stopped", AFTER, second, "a", "b", "c")
    publish_run(lake, RUN_DATE, "again", daily("again", RUN_DATE, None, "other"))
    with pytest.raises(ReplacedBaseError, match="2009-05-04 was run again with other input after 2009-05-05 had added"):
        publish_run(lake, AFTER, "stopped", stopped)
    with lake.catalog.open() as catalog:
        assert run_dates(catalog, "listening", ANSWER.name) == [RUN_DATE, NEXT]


def test_one_run_locks_the_log_until_release(lake: Lake) -> None:
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
