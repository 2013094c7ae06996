"""What of the lake is old enough to go: whole run dates, in all datasets together, and what killed attempts left."""

from __future__ import annotations

import os
import re
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from include.logs import read_log
from spark_jobs.shared.lake import OF_A_RUN, REPORTS, RUNS, Lake, date_of

# What is younger may belong to an attempt that goes on; no run lasts longer than a quarter of it.
UNDER_WAY = timedelta(days=1)
# What `publish` leaves when it is killed between its two renames: the only copy of what was there before.
REPLACED = "*.replaced-*"
_PRUNED = re.compile(r"pruned-(\d{4}-\d{2}-\d{2})-")
_DATED = re.compile(r"(\d{4}-\d{2}-\d{2})-")


@dataclass(frozen=True)
class Doomed:
    """A file or directory that goes, and its bytes."""

    path: Path
    bytes: int


@dataclass(frozen=True)
class Plan:
    """What pruning does to a lake: the run dates that go, each with its parts in the order in which they must go.

    `spared` are the dates that would go, but that a run may be publishing now; `needed` those that would, but whose
    listens are part of the log of a date that stays; `leftovers` is what killed attempts and an earlier pruning left;
    `held` are leftovers that hold the only copy of a partition.
    """

    lake: Lake
    kept: list[date]
    dropped: dict[date, list[Doomed]]
    spared: list[date]
    needed: list[date]
    leftovers: list[Doomed]
    held: list[Path]

    @property
    def bytes(self) -> int:
        """The bytes of all that goes."""
        return sum(part.bytes for parts in (*self.dropped.values(), self.leftovers) for part in parts)


def plan(lake: Lake, keep: int, now: datetime | None = None) -> Plan:
    """Say what goes when the newest `keep` run dates that have a report are to stay.

    Dates without a report do not count: else a month of failed runs would push the last good answers out. Those newer
    than the oldest report that stays, stay with it, and so do those whose listens are part of the log of a date that
    stays. With fewer reports than `keep`, only what an earlier pruning began goes.
    """
    now = now or datetime.now(UTC)
    days = {day for dataset in OF_A_RUN for day in _days(lake, dataset)}
    answered = sorted((day for day in days if _made_at(lake, day)), reverse=True)
    begun = {day for area in _areas(lake) if (day := _day_of(_PRUNED, area))} & days - set(answered)
    old = {day for day in days if len(answered) >= keep and day < answered[keep - 1]} | begun
    spared = {day for day in old if _is_under_way(lake, day, now)}
    needed = (old - begun) & _needed(lake, days - old | spared)
    dropped = {day: _parts(lake, day) for day in sorted(old - spared - needed)}
    ended = [area for area in _areas(lake) if _PRUNED.match(area.name) or now - _changed(area) > UNDER_WAY]
    held = [area for area in ended if _day_of(_DATED, area) not in dropped and _holds_the_only_copy(lake, area)]
    leftovers = [Doomed(area, _bytes(area)) for area in ended if area not in held]
    return Plan(lake, sorted(days - set(dropped)), dropped, sorted(spared), sorted(needed - spared), leftovers, held)


def carry_out(plan: Plan) -> None:
    """Take away what a plan says.

    Each part is renamed out of its dataset, and only then removed, so that no reader meets half of one. A date's report
    goes first. Who is stopped half way leaves dates without a report; the next pruning knows them by what lies in
    staging, and goes on.
    """
    for day, parts in plan.dropped.items():
        # Removing may have taken a while.
        if _is_under_way(plan.lake, day, datetime.now(UTC)):
            continue
        area = Path(plan.lake.staging(f"pruned-{day}-{uuid.uuid4().hex}"))
        area.mkdir(parents=True)
        for part in parts:
            with suppress(FileNotFoundError):
                part.path.rename(area / part.path.parent.name)
        _remove(area)
    for part in plan.leftovers:
        _remove(part.path)


def _needed(lake: Lake, staying: set[date]) -> set[date]:
    """The dates whose listens the logs of some dates are made of."""
    logs = (read_log(lake, day) for day in staying)
    return {part.run_date for log in logs if log for part in log.parts}


def _days(lake: Lake, dataset: str) -> Iterator[date]:
    for path in Path(lake.dataset(dataset)).glob("run_date=*"):
        if day := date_of(path.name):
            yield day


def _parts(lake: Lake, day: date) -> list[Doomed]:
    paths = [Path(lake.partition(dataset, day)) for dataset in OF_A_RUN]
    return [Doomed(path, _bytes(path)) for path in paths if os.path.lexists(path)]


def _made_at(lake: Lake, day: date) -> float | None:
    """When the report of a date was made; None when it has none."""
    try:
        return (Path(lake.partition(REPORTS, day)) / "report.json").stat().st_mtime
    except OSError:
        return None


def _is_under_way(lake: Lake, day: date, now: datetime) -> bool:
    """Whether a run may be publishing a date: it has a young staging area, or young records and no report after them.

    Between a checkpoint and the next job nothing is staged; the records tell then.
    """
    if any(_day_of(_DATED, area) == day and now - _changed(area) <= UNDER_WAY for area in _areas(lake)):
        return True
    records = Path(lake.partition(RUNS, day))
    if not records.is_dir():
        return False
    told = _changed(records)
    return now - told <= UNDER_WAY and told.timestamp() > (_made_at(lake, day) or 0)


def _holds_the_only_copy(lake: Lake, area: Path) -> bool:
    """Whether a former partition lies in a staging area, and its date has not been run to its report since."""
    day = _day_of(_DATED, area)
    if not any(area.rglob(REPLACED)):
        return False
    made_at = _made_at(lake, day) if day else None
    return made_at is None or made_at < _changed(area).timestamp()


def _areas(lake: Lake) -> list[Path]:
    staging = Path(lake.staging(""))
    return sorted(staging.iterdir()) if staging.is_dir() else []


def _day_of(name: re.Pattern[str], area: Path) -> date | None:
    found = name.match(area.name)
    return date_of(found[1]) if found else None


def _changed(path: Path) -> datetime:
    """When anything in a directory was last changed."""
    return datetime.fromtimestamp(max((found.st_mtime for found in _within(path)), default=0), UTC)


def _bytes(path: Path) -> int:
    return sum(found.st_size for found in _within(path) if stat.S_ISREG(found.st_mode))


def _within(path: Path) -> Iterator[os.stat_result]:
    """What the file system says of a path and, if that is a directory, of all below it; no link is followed."""
    is_directory = path.is_dir() and not path.is_symlink()
    for found in (path, *(path.rglob("*") if is_directory else ())):
        # Gone meanwhile: a run that goes on removes what it staged.
        with suppress(FileNotFoundError):
            yield found.lstat()


def _remove(path: Path) -> None:
    # Gone meanwhile: somebody else prunes too.
    with suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
