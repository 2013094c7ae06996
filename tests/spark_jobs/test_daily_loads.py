"""A log that arrives by the day, against the plain model: as if all of it had been read at once."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from pyspark.sql import SparkSession

from include.runs.daily_base import replaced_bases
from spark_jobs.data_quality.history import LostBaseError
from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.lake.maintenance import Keep, maintain
from spark_jobs.lake.published import published
from spark_jobs.lake.tables import Table
from spark_jobs.lake.tries import Try
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.logs.listening.tables import LISTENS, SESSIONS
from spark_jobs.ranking.job import RankingJob
from spark_jobs.ranking.tables import ALTERNATIVE_SONGS, TOP_SESSIONS, TOP_SONGS
from spark_jobs.ranking.tables import TOP_SONGS as ANSWER
from spark_jobs.session_analysis.job import SessionAnalysisJob
from spark_jobs.shared import loads
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log_tables import tables_of
from tests import model
from tests.jobs import knowing, publish_run, run_data_quality, run_ranking, run_session_analysis
from tests.lake_reader import rows_of
from tests.logs import GAP
from tests.records import counted

FIRST = date(2009, 5, 4)
ONE = timedelta(days=1)
# Of a day: around the gap, midnight, and those of the days before it.
MINUTES = [0, 10, 19, 20, 21, 40, 60, 700, 1410, 1430, 1439]


@dataclass
class Day:
    """A day as the model knows it: the files of its input, its load, and the results of its run.

    A day that `begins` starts a log; another day is added to the latest day before it.
    `taken_in`: the log's files, each with its time of writing. `known`: those of them that the base has.
    """

    names: list[str]
    is_full: bool
    begins: bool
    listens: list[model.Listen]
    taken_in: set[tuple[str, int]]
    known: set[tuple[str, int]]


class Killed(BaseException):
    """Nothing that a job catches."""


def line(user: str, moment: datetime, song: str) -> bytes:
    return f"{user}\t{moment:%Y-%m-%dT%H:%M:%SZ}\t\tartist\t\t{song}\n".encode()


@st.composite
def arrivals(draw: st.DrawFn, day: date) -> bytes:
    """Draw the input of a day: its own listens, late ones, repeated ones, or nothing."""
    lines = []
    for _ in range(draw(st.integers(0, 8))):
        days_late = draw(st.sampled_from([0, 0, 0, 1, 2, 400]))
        midnight = datetime.combine(day - timedelta(days=days_late), time(), UTC)
        moment = midnight + timedelta(minutes=draw(st.sampled_from(MINUTES)))
        lines.append(line(draw(st.sampled_from("uv")), moment, draw(st.sampled_from("ab"))))
    return b"".join(lines)


class DailyLoads(RuleBasedStateMachine):
    """Days come one after another, are killed, run again with other input or in full, and expire."""

    spark: SparkSession

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.lake = Lake(str(self.root / "lake"), "listening")
        self.days: dict[date, Day] = {}

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    @rule(data=st.data(), later=st.sampled_from([1, 1, 3]))
    def a_later_day_arrives(self, data: st.DataObject, later: int) -> None:
        """With a file of its own, and some of the days before are still where it lies."""
        day = max(self.days) + later * ONE if self.days else FIRST
        earlier = sorted({name for one in self.days.values() for name in one.names})
        overlapping = data.draw(st.lists(st.sampled_from(earlier), unique=True)) if earlier else []
        self.write(day, data.draw(arrivals(day)))
        self.is_run(day, [str(day), *overlapping])

    @precondition(lambda self: self.days)
    @rule(data=st.data(), is_full=st.booleans())
    def a_day_is_run_again(self, data: st.DataObject, is_full: bool) -> None:
        """Run a day again, with the same or another file; then run all later days in order, each on its new base."""
        day = data.draw(st.sampled_from(sorted(self.days)))
        later = sorted(one for one in self.days if one > day)
        if data.draw(st.booleans()):
            self.write(day, data.draw(arrivals(day)))
        was_run = self.is_run_again(day, is_full)
        if later and was_run:
            now, one = self.days[day], self.days[later[0]]
            is_same = one.begins or one.known <= now.taken_in <= one.taken_in
            assert self.stand_for_what_was_replaced() == (set() if is_same else set(later[: self.until_full(later)]))
        for one in later:
            self.is_run(one, self.days[one].names, self.days[one].is_full)

    @precondition(lambda self: self.days)
    @rule(data=st.data(), step=st.integers(0, 20))
    def the_last_day_is_killed_and_run_again(self, data: st.DataObject, step: int) -> None:
        """Before it writes one of its tables, or after; Java and Python are killed in tests/faults."""
        day = max(self.days)
        self.write(day, data.draw(arrivals(day)))
        names, is_full = self.days[day].names, self.is_full(day, self.days[day].names, self.days[day].is_full)
        if not is_full and self.is_base_gone(day):
            return
        before = self.all_published()
        with killed_at(step), suppress(Killed):
            self.run_jobs(day, names, is_full)
        assert self.all_published() == before
        self.is_run(day, names, is_full)

    @precondition(lambda self: self.days)
    @rule(keep=st.integers(1, 3))
    def the_lake_is_maintained(self, keep: int) -> None:
        nothing = timedelta(0)
        maintain(
            knowing(self.spark, self.lake), self.lake.catalog, "listening", ANSWER.name, Keep(keep, nothing, nothing)
        )
        self.days = {day: self.days[day] for day in sorted(self.days)[-keep:]}

    def write(self, day: date, text: bytes) -> bool:
        """Write a day's file, unless it is that already; was it another?"""
        file = self.file(str(day))
        if file.exists() and file.read_bytes() == text:
            return False
        file.write_bytes(text)
        return True

    def file(self, name: str) -> Path:
        return self.root / f"{name}.tsv"

    def is_full(self, day: date, names: list[str], asked: bool) -> bool:
        """A full load of no line is refused."""
        return asked and any(self.file(name).read_bytes() for name in names)

    def is_run(self, day: date, names: list[str], is_full: bool = False) -> None:
        is_full = self.is_full(day, names, is_full)
        record = self.run_jobs(day, names, is_full)
        self.is_as_the_model_says(day, names, is_full, record, publish_run(self.lake, day))

    def is_run_again(self, day: date, is_full: bool) -> bool:
        """As it was run before, or in full; so it must be where what it was added to is gone. Was it run?"""
        is_full = self.is_full(day, self.days[day].names, is_full)
        if not is_full and self.is_base_gone(day):
            with pytest.raises(LostBaseError, match=f"{day} was added to the listens of an earlier run, which is gone"):
                self.run_jobs(day, self.days[day].names, is_full)
            return False
        self.is_run(day, self.days[day].names, is_full)
        return True

    def is_base_gone(self, day: date) -> bool:
        return self.base_of(day) is None and not self.days[day].begins

    def base_of(self, day: date) -> Day | None:
        earlier = [one for one in self.days if one < day]
        return self.days[max(earlier)] if earlier else None

    def until_full(self, days: list[date]) -> int:
        """Count the days before the first one that begins a log."""
        return next((number for number, day in enumerate(days) if self.days[day].begins), len(days))

    def stand_for_what_was_replaced(self) -> set[date]:
        with self.lake.catalog.open() as catalog:
            return set(replaced_bases(self.lake, catalog))

    def all_published(self) -> dict[date, dict[str, list[Any]]]:
        """The rows of all that is published."""
        with self.lake.catalog.open() as catalog:
            runs = {day: published(catalog, "listening", ANSWER.name, day).snapshots for day in self.days}
        return {day: {table.name: self.rows(table, run) for table in tables_of(LISTENING)} for day, run in runs.items()}

    def rows(self, table: Table, snapshots: Mapping[str, int]) -> list[tuple[Any, ...]]:
        return rows_of(self.lake, table, snapshots[table.name])

    def run_jobs(self, day: date, names: list[str], is_full: bool) -> dict[str, Any]:
        """Run the three jobs; the record of the first."""
        inbox = self.root / "in"
        shutil.rmtree(inbox, ignore_errors=True)
        inbox.mkdir()
        for name in names:
            # The file itself, under the path it had on the days before.
            os.link(self.file(name), inbox / f"{name}.tsv")
        load = loads.FULL if is_full else loads.DAILY
        record = run_data_quality(self.spark, DataQualityJob(str(inbox), self.lake, day, load=load))
        run_session_analysis(self.spark, SessionAnalysisJob(self.lake, day, GAP))
        made = self.has_alternatives(day)
        run_ranking(self.spark, RankingJob(self.lake, day, top_sessions=3, top_songs=4, alternatives=made))
        return record

    def has_alternatives(self, day: date) -> bool:
        """Say whether a day has alternatives: they double the cost, so every third day, a base, goes without."""
        return (day - FIRST).days % 3 < 2

    def is_as_the_model_says(
        self, day: date, names: list[str], is_full: bool, record: dict[str, Any], snapshots: dict[str, int]
    ) -> None:
        base = self.base_of(day)
        before, known = (base.listens, base.taken_in) if base and not is_full else ([], set())
        versions = {(name, self.file(name).stat().st_mtime_ns) for name in names}
        text = b"".join(self.file(name).read_bytes() for name, _ in sorted(versions - known))
        there = {astuple(listen) for listen in before}
        judged = model.judge(text, day)
        new = [listen for listen in judged.listens if astuple(listen) not in there]
        listens = [*before, *new]
        self.days[day] = Day(names, is_full, base is None or is_full, listens, known | versions, known)

        lines = len(model.lines_of(text))
        assert record.counts == counted(lines, len(new), lines - len(new))
        assert record.rejected["duplicate"] == judged.reasons["duplicate"] + len(judged.listens) - len(new)
        assert record.log.events == len(listens)
        assert Counter(self.rows(LISTENS, snapshots)) == Counter(astuple(listen) for listen in listens)
        sessions = model.sessions_of(listens, GAP)
        assert Counter(self.rows(SESSIONS, snapshots)) == Counter(astuple(session) for session in sessions)
        longest = model.top_sessions(sessions, 3)
        assert self.rows(TOP_SESSIONS, snapshots) == [(rank, *astuple(one)) for rank, one in enumerate(longest, 1)]
        songs = model.top_songs(sessions, longest, 4)
        assert self.rows(TOP_SONGS, snapshots) == [astuple(song) for song in songs]
        alternatives = model.alternative_songs(listens, GAP, 3, 4) if self.has_alternatives(day) else []
        assert self.rows(ALTERNATIVE_SONGS, snapshots) == alternatives


@contextmanager
def killed_at(step: int) -> Iterator[None]:
    """Let a run die where it begins to write a table, or has written one."""
    steps = iter(range(100))

    def or_die(real: Callable[..., Any]) -> Callable[..., Any]:
        def do_or_die(*asked: Any) -> Any:
            if next(steps) == step:
                raise Killed
            return real(*asked)

        return do_or_die

    with patch.object(Try, "_begin", or_die(Try._begin)), patch.object(Try, "_snapshot", or_die(Try._snapshot)):
        yield


def test_daily_loads_equal_one_full_load(spark: SparkSession) -> None:
    DailyLoads.spark = spark
    # A step is three jobs or more, ten seconds. So this test tries far fewer histories than others try examples, and
    # short ones. Hypothesis tries the simplest first, days without a line; the test below always has lines.
    few = settings(max_examples=settings().max_examples // 5, stateful_step_count=5)
    run_state_machine_as_test(DailyLoads, settings=few)


def test_late_listen_joins_two_sessions(
    spark: SparkSession,
) -> None:
    DailyLoads.spark = spark
    loads, noon = DailyLoads(), datetime.combine(FIRST, time(12), UTC)
    minutes = {FIRST: [0, 30, 90], FIRST + ONE: [15, 1440, 1445]}
    try:
        for day, moments in minutes.items():
            loads.write(day, b"".join(line("u", noon + timedelta(minutes=moment), "a") for moment in moments))
            loads.is_run(day, [str(one) for one in minutes if one <= day])
    finally:
        loads.teardown()
