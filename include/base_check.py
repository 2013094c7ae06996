"""Is the log there that a daily load adds to? Answered in seconds from records and marks, before any Spark starts."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from include.input_check import InputError
from include.logs import made_from, read_log
from include.records import read_report
from spark_jobs.shared import lineage
from spark_jobs.shared.lake import FOLDED_LISTENS, LISTENS, RUNS, SESSIONS, Lake, date_of
from spark_jobs.shared.lineage import Log, Part

CUT_BY = "session_analysis"


def check_base(lake: Lake, run_date: date) -> None:
    """Raise InputError, naming the dates to run and their order, unless the log of the day before can be added to.

    That is so when its run has come to its report, and all it was made from is still what it was then. In a lake
    without an earlier run date there is nothing to add to: a log begins.
    """
    faults = base_faults(lake, run_date)
    if not faults:
        return
    first, last = min(faults), lineage.base_date(run_date)
    days = f"run {first}" if first == last else f"run all days from {first} to {last}, in order,"
    raise InputError(
        f"a daily load for {run_date} adds to the log of {last}, but {faults[first]}: {days} and then {run_date} "
        "(on a server a backfill with --reprocess-behavior completed does it), "
        "or this date with load=full and the whole log as its input"
    )


def base_faults(lake: Lake, run_date: date) -> dict[date, str]:
    """What is wrong with the days that a daily load builds on, back to the last that is whole; nothing if none is."""
    days = [day for path in Path(lake.dataset(RUNS)).glob("run_date=*") if (day := date_of(path.name))]
    oldest = min((day for day in days if day < run_date), default=run_date)
    own = read_log(lake, run_date)
    if oldest == run_date and own and own.base:
        return {own.base.run_date: _gone(own.base, run_date)}
    faults: dict[date, str] = {}
    day = lineage.base_date(run_date)
    if day >= oldest and not Path(lake.stage_record(CUT_BY, day)).exists():
        # A run that was stopped while it published them takes it along: they may be of another gap than before.
        faults[day] = f"the sessions of {day} have no record, which says with what gap they were cut"
    while day >= oldest:
        log = read_log(lake, day)
        fault = _fault(lake, day, log)
        if fault:
            faults[day] = fault
        elif log is None or log.base is None or _is_enough_alone(lake, log):
            break
        elif day == oldest:
            faults[log.base.run_date] = _gone(log.base, day)
        day -= timedelta(days=1)
    # A day is good as far as the days before it are: those after a bad one are run again with it.
    return faults


def _gone(base: Part, day: date) -> str:
    return f"the listens of {base.run_date}, which {day} was added to, are gone"


def _fault(lake: Lake, day: date, log: Log | None) -> str | None:
    """What keeps a day's log from being added to, None if nothing does; of what is before it only the day before."""
    if log is None:
        return f"{day} has not been run, or by a version that knew no daily loads"
    found = {
        "listens": made_from(lake, LISTENS, day),
        "sessions": made_from(lake, SESSIONS, day),
        "report": read_report(lake, day).get("log_id"),
    }
    other = [name for name, log_id in found.items() if log_id != log.log_id]
    if other:
        return f"the last run of {day} has not come to its end (its {' and '.join(other)} are of another one)"
    folded = [part for part in log.parts if part.dataset == FOLDED_LISTENS]
    gone = [part.run_date for part in folded if made_from(lake, FOLDED_LISTENS, part.run_date) != part.log_id]
    if gone:
        return f"the folded listens of {gone[0]}, which {day} was added to, are gone"
    if log.base and made_from(lake, LISTENS, log.base.run_date) not in (log.base.log_id, ""):
        return f"{log.base.run_date} was run again with other input after {day} had added to it"
    return None


def _is_enough_alone(lake: Lake, log: Log) -> bool:
    """Is a log folded, and what it was folded from gone?"""
    is_folded = all(part.dataset == FOLDED_LISTENS for part in log.parts)
    return is_folded and log.base is not None and not made_from(lake, LISTENS, log.base.run_date)
