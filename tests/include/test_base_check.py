"""Whether the log that a daily load adds to is there, on lakes of records and marks alone."""

from __future__ import annotations

import itertools
import json
from datetime import date
from pathlib import Path

import pytest

from include.base_check import base_faults, check_base
from include.input_check import InputError
from include.records import replace_file, write_record
from spark_jobs.shared import marks
from spark_jobs.shared.lake import FOLDED_LISTENS, LISTENS, SESSIONS, Lake
from spark_jobs.shared.lineage import Input, Log, Part, grown_log, new_log

DAYS = [date(2009, 5, day) for day in range(1, 6)]
NEXT = date(2009, 5, 6)


def file(day: date, size: int = 1) -> list[Input]:
    return [Input(f"{day}.tsv", size, 0)]


def ran(lake: Lake, log: Log) -> Log:
    """Leave what a run to its end leaves of its log."""
    day = log.own.run_date
    write_record(lake, "data_quality", day, {"lineage": log.to_json()})
    write_record(lake, "session_analysis", day, {})
    for dataset in (LISTENS, SESSIONS):
        mark(lake, dataset, day, log)
    replace_file(Path(lake.report(day)) / "report.json", json.dumps({"log_id": log.log_id}))
    return log


def mark(lake: Lake, dataset: str, day: date, log: Log) -> None:
    partition = Path(lake.partition(dataset, day))
    partition.mkdir(parents=True, exist_ok=True)
    (partition / marks.MARK).write_text(marks.mark_of({}, log.log_id))


@pytest.fixture
def logs(lake: Lake) -> dict[date, Log]:
    """Five days, each added to the one before."""
    made = {DAYS[0]: ran(lake, new_log(DAYS[0], file(DAYS[0]), 2))}
    for before, day in itertools.pairwise(DAYS):
        made[day] = ran(lake, grown_log(made[before], day, file(day), 2))
    return made


def remove(lake: Lake, day: date) -> None:
    for dataset in ("runs", LISTENS, SESSIONS, "reports"):
        directory = Path(lake.partition(dataset, day))
        for path in directory.iterdir():
            path.unlink()
        directory.rmdir()


def test_a_lake_without_an_earlier_run_date_lets_a_log_begin(lake: Lake) -> None:
    check_base(lake, NEXT)


@pytest.mark.usefixtures("logs")
def test_days_that_follow_one_another_can_be_added_to(lake: Lake) -> None:
    for day in (*DAYS, NEXT):
        check_base(lake, day)


@pytest.mark.usefixtures("logs")
def test_a_day_that_was_passed_over_is_named(lake: Lake) -> None:
    with pytest.raises(InputError) as error:
        check_base(lake, date(2009, 5, 8))
    assert str(error.value) == (
        "a daily load for 2009-05-08 adds to the log of 2009-05-07, but 2009-05-06 has not been run, or by a version "
        "that knew no daily loads: run all days from 2009-05-06 to 2009-05-07, in order, and then 2009-05-08 (on a "
        "server a backfill with --reprocess-behavior completed does it), or this date with load=full and the whole log "
        "as its input"
    )


@pytest.mark.parametrize("stage", [SESSIONS, "reports"])
def test_a_run_that_has_not_come_to_its_end_is_no_base(lake: Lake, logs: dict[date, Log], stage: str) -> None:
    other = new_log(DAYS[4], file(DAYS[4], size=2), 2)
    if stage == SESSIONS:
        mark(lake, SESSIONS, DAYS[4], other)
    else:
        (Path(lake.report(DAYS[4])) / "report.json").unlink()
    assert list(base_faults(lake, NEXT)) == [DAYS[4]]
    assert "the last run of 2009-05-05 has not come to its end" in base_faults(lake, NEXT)[DAYS[4]]


@pytest.mark.usefixtures("logs")
def test_sessions_without_a_record_of_their_gap_are_no_base_and_those_before_the_base_need_none(lake: Lake) -> None:
    Path(lake.stage_record("session_analysis", DAYS[3])).unlink()
    check_base(lake, NEXT)
    Path(lake.stage_record("session_analysis", DAYS[4])).unlink()
    assert base_faults(lake, NEXT) == {
        DAYS[4]: f"the sessions of {DAYS[4]} have no record, which says with what gap they were cut"
    }


def test_a_day_that_was_run_again_takes_all_after_it_along(lake: Lake, logs: dict[date, Log]) -> None:
    again = ran(lake, grown_log(logs[DAYS[0]], DAYS[1], file(DAYS[1], size=2), 2))
    assert base_faults(lake, NEXT) == {
        DAYS[2]: "2009-05-02 was run again with other input after 2009-05-03 had added to it"
    }
    with pytest.raises(InputError, match="run all days from 2009-05-03 to 2009-05-05, in order, and then 2009-05-06"):
        check_base(lake, NEXT)
    # And is well when they have followed.
    for day in DAYS[2:]:
        again = ran(lake, grown_log(again, day, file(day), 2))
    check_base(lake, NEXT)


def test_a_day_run_again_with_the_same_input_changes_nothing(lake: Lake, logs: dict[date, Log]) -> None:
    ran(lake, grown_log(logs[DAYS[0]], DAYS[1], file(DAYS[1]), 2))
    check_base(lake, NEXT)


def test_what_was_folded_may_go(lake: Lake, logs: dict[date, Log]) -> None:
    mark(lake, FOLDED_LISTENS, DAYS[3], logs[DAYS[3]])
    for day in DAYS[:3]:
        remove(lake, day)
    check_base(lake, NEXT)


def test_a_day_made_of_folded_listens_that_are_gone_is_named(lake: Lake, logs: dict[date, Log]) -> None:
    folded = logs[DAYS[3]].folded(Part(FOLDED_LISTENS, DAYS[3], logs[DAYS[3]].log_id))
    ran(lake, grown_log(folded, DAYS[4], file(DAYS[4]), 2))
    mark(lake, FOLDED_LISTENS, DAYS[3], folded)
    check_base(lake, NEXT)
    mark(lake, FOLDED_LISTENS, DAYS[3], logs[DAYS[2]])
    assert base_faults(lake, NEXT) == {
        DAYS[4]: f"the folded listens of {DAYS[3]}, which {DAYS[4]} was added to, are gone"
    }
    ran(lake, grown_log(logs[DAYS[3]], DAYS[4], file(DAYS[4]), 2))
    check_base(lake, NEXT)


@pytest.mark.usefixtures("logs")
def test_without_folding_what_a_log_is_made_of_must_be_there(lake: Lake) -> None:
    for day in DAYS[:3]:
        remove(lake, day)
    with pytest.raises(InputError, match="run .*2009-05"):
        check_base(lake, NEXT)


def test_the_oldest_day_left_does_not_begin_a_log_when_it_is_run_again(lake: Lake, logs: dict[date, Log]) -> None:
    for day in DAYS[:4]:
        remove(lake, day)
    assert base_faults(lake, DAYS[4]) == {DAYS[3]: f"the listens of {DAYS[3]}, which {DAYS[4]} was added to, are gone"}
    ran(lake, new_log(DAYS[4], file(DAYS[4]), 2))
    assert base_faults(lake, DAYS[4]) == {}
