"""Whether there is a run that a daily load can add to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from include.runs.daily_base import ReplacedBaseError, check_base, replaced_bases
from spark_jobs.lake.errors import BackwardsError, NotPublishedError
from spark_jobs.logs.listening.tables import LISTENS
from spark_jobs.ranking.tables import TOP_SONGS as ANSWER
from spark_jobs.shared.lake import Lake
from tests.published import leave_record, publish_tables, write_tables
from tests.records import based_on

DAYS = [date(2009, 5, day) for day in range(1, 6)]
NEXT = date(2009, 5, 6)
Record = dict[str, Any]


def ran(lake: Lake, day: date, base: Record | None, *files: str) -> Record:
    """Publish a date that took in some files, its own if none is named, and return its record."""
    before = base["snapshots"] if base else {}
    snapshots = write_tables(lake, day, {LISTENS.name: [], ANSWER.name: []}, base=before.get(LISTENS.name))
    new = [{"file": name, "bytes": 1, "modified_ms": 0} for name in files or (f"{day}.tsv",)]
    record = {
        "run_date": str(day),
        "snapshots": {LISTENS.name: snapshots[LISTENS.name]},
        "base": based_on(date.fromisoformat(base["run_date"]), before) if base else None,
        "input": {"files": len(new)},
        "inputs": [*(base["inputs"] if base else []), *new],
    }
    leave_record(lake, "data_quality", day, record)
    publish_tables(lake, day, snapshots)
    return record


@pytest.fixture
def records(lake: Lake) -> dict[date, Record]:
    """Five days, each added to the one before."""
    made: dict[date, Record] = {}
    for day in DAYS:
        made[day] = ran(lake, day, next(reversed(made.values()), None))
    return made


def test_log_begins_in_an_empty_lake(lake: Lake) -> None:
    check_base(lake, NEXT)


@pytest.mark.usefixtures("records")
def test_base_is_latest_published_date(lake: Lake) -> None:
    for day in (*DAYS, NEXT, date(2009, 5, 20)):
        check_base(lake, day)


@pytest.mark.usefixtures("records")
def test_date_between_published_ones_is_refused(lake: Lake) -> None:
    ran(lake, date(2009, 5, 8), None)
    with pytest.raises(BackwardsError, match="a daily load of 2009-05-06 comes too late: 2009-05-08 is published"):
        check_base(lake, NEXT)


def refusal(kept_by: date) -> str:
    return (
        f"a daily load of 2009-05-06 would add to 2009-05-05, but 2009-05-02 was run again with other input after "
        f"{kept_by} had added to it: run all dates from {kept_by} to 2009-05-05 again, in order, and then 2009-05-06"
    )


@pytest.mark.parametrize("files", [("2009-05-02.tsv", "late.tsv"), ("other.tsv",)], ids=["more", "others"])
def test_base_of_replaced_date_is_refused(lake: Lake, records: dict[date, Record], files: tuple[str, ...]) -> None:
    again = ran(lake, DAYS[1], records[DAYS[0]], *files)
    with pytest.raises(ReplacedBaseError, match=refusal(DAYS[2])):
        check_base(lake, NEXT)
    # And is well when they have followed.
    for day in DAYS[2:]:
        again = ran(lake, day, again)
    check_base(lake, NEXT)


def test_base_with_files_a_rerun_dropped_is_refused(lake: Lake) -> None:
    first = ran(lake, DAYS[0], None)
    before = ran(lake, DAYS[1], first, "kept.tsv", "taken back.tsv")
    for day in DAYS[2:]:
        before = ran(lake, day, before)
    ran(lake, DAYS[1], first, "kept.tsv")
    with pytest.raises(ReplacedBaseError, match=refusal(DAYS[2])):
        check_base(lake, NEXT)


def test_dates_made_from_a_replaced_one_are_named(lake: Lake, records: dict[date, Record]) -> None:
    again = ran(lake, DAYS[1], records[DAYS[0]], "other.tsv")
    ran(lake, DAYS[2], again)
    with lake.catalog.open() as catalog:
        found = replaced_bases(lake, catalog)
    assert {day: (one.run_date, one.kept_by) for day, one in found.items()} == {
        DAYS[3]: (DAYS[2], DAYS[3]),
        DAYS[4]: (DAYS[2], DAYS[3]),
    }
    assert datetime.now(UTC) - found[DAYS[3]].at < timedelta(minutes=5)


def test_rerun_with_same_input_keeps_later_dates_valid(lake: Lake, records: dict[date, Record]) -> None:
    ran(lake, DAYS[1], records[DAYS[0]])
    check_base(lake, NEXT)


def test_try_that_was_not_published_changes_nothing(lake: Lake, records: dict[date, Record]) -> None:
    other = {
        **records[DAYS[1]],
        "snapshots": {LISTENS.name: 7},
        "inputs": [{"file": "new", "bytes": 1, "modified_ms": 0}],
    }
    leave_record(lake, "data_quality", DAYS[1], other)
    check_base(lake, NEXT)


def cut_off(lake: Lake, day: date) -> None:
    """Leave the publication of a date as it is after its first step."""
    with lake.catalog.open() as catalog:
        catalog.load_table(("listening", ANSWER.name)).manage_snapshots().remove_tag(str(day)).commit()


@pytest.mark.usefixtures("records")
def test_cut_off_latest_publication_stops_the_next_load(lake: Lake) -> None:
    cut_off(lake, DAYS[4])
    with pytest.raises(NotPublishedError, match="publication of 2009-05-05 was cut off, .*clear the task publish"):
        check_base(lake, NEXT)
    # It may be run again itself.
    check_base(lake, DAYS[4])


@pytest.mark.usefixtures("records")
def test_cut_off_earlier_publication_stops_the_next_load(lake: Lake) -> None:
    cut_off(lake, DAYS[2])
    with pytest.raises(NotPublishedError, match="publication of 2009-05-03 was cut off, .*clear the task publish"):
        check_base(lake, NEXT)


@pytest.mark.usefixtures("records")
def test_cut_off_publication_may_be_run_again(lake: Lake) -> None:
    cut_off(lake, DAYS[2])
    check_base(lake, DAYS[2])
