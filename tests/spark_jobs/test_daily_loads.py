"""A log that arrives by the day, against the plain model: as if all of it had been read at once."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from pyspark.sql import SparkSession

from include import base_check
from include.records import replace_file
from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.data_quality.job import run as run_data_quality
from spark_jobs.ranking.job import RankingJob
from spark_jobs.ranking.job import run as run_ranking
from spark_jobs.session_analysis.job import SessionAnalysisJob
from spark_jobs.session_analysis.job import run as run_session_analysis
from spark_jobs.shared import lineage
from spark_jobs.shared.lake import ALTERNATIVE_SONGS, SESSIONS, TOP_SESSIONS, TOP_SONGS, Lake
from tests import model
from tests.lake_reader import rows
from tests.logs import GAP

FIRST = date(2009, 5, 4)
# Of a day: around the gap, midnight, and those of the days before it.
MINUTES = [0, 10, 19, 20, 21, 40, 60, 700, 1410, 1430, 1439]


@dataclass
class Day:
    """What the model knows of a day: its file's lines, whether its log begins with it, and what its run has made."""

    text: bytes
    is_full: bool
    listens: list[model.Listen]
    log_id: str


def line(user: str, moment: datetime, song: str) -> bytes:
    return f"{user}\t{moment:%Y-%m-%dT%H:%M:%SZ}\t\tartist\t\t{song}\n".encode()


@st.composite
def arrivals(draw: st.DrawFn, day: date) -> bytes:
    """What arrives on a day: its own listens, late ones, some that were there before, or nothing."""
    lines = []
    for _ in range(draw(st.integers(0, 8))):
        days_late = draw(st.sampled_from([0, 0, 0, 1, 2, 400]))
        midnight = datetime.combine(day - timedelta(days=days_late), time(), UTC)
        moment = midnight + timedelta(minutes=draw(st.sampled_from(MINUTES)))
        lines.append(line(draw(st.sampled_from("uv")), moment, draw(st.sampled_from("ab"))))
    return b"".join(lines)


class DailyLoads(RuleBasedStateMachine):
    """Days come one after another, are run again with other input, and some are read in full."""

    spark: SparkSession

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.lake = Lake(str(self.root / "lake"))
        self.days: dict[date, Day] = {}

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    @rule(data=st.data())
    def the_next_day_arrives(self, data: st.DataObject) -> None:
        day = FIRST + timedelta(days=len(self.days))
        self.arrives(day, data.draw(arrivals(day)))

    @precondition(lambda self: self.days)
    @rule(data=st.data(), is_full=st.booleans())
    def a_day_is_run_again(self, data: st.DataObject, is_full: bool) -> None:
        """With another file, and then all days after it, in order: the base of each was made anew."""
        day = data.draw(st.sampled_from(sorted(self.days)))
        text = data.draw(arrivals(day) | st.just(self.days[day].text))
        later = [one for one in self.days if one > day]
        was = self.days[day].log_id
        self.arrives(day, text, is_full)
        builds_on_it = later and not any(self.days[one].is_full for one in later)
        if builds_on_it and was != self.days[day].log_id:
            with pytest.raises(base_check.InputError, match=f"{day} was run again with other input after {min(later)}"):
                base_check.check_base(self.lake, max(later) + timedelta(days=1))
        for one in sorted(later):
            self.arrives(one, self.days[one].text, self.days[one].is_full)

    @precondition(lambda self: self.days)
    @rule(after=st.sampled_from(["nothing", "data_quality", "session_analysis"]), data=st.data())
    def the_last_day_stops_half_way_and_is_run_again(self, after: str, data: st.DataObject) -> None:
        day = max(self.days)
        text = data.draw(arrivals(day))
        file, is_full = self.write(day, text), self.days[day].is_full and bool(text)
        if after != "nothing":
            self.run_data_quality(file, day, is_full)
        if after == "session_analysis":
            run_session_analysis(self.spark, SessionAnalysisJob(self.lake, day, GAP))
        if after != "nothing" and self.days[day].text != text:
            with pytest.raises(base_check.InputError, match=f"the last run of {day} has not come to its end"):
                base_check.check_base(self.lake, day + timedelta(days=1))
        self.arrives(day, text, is_full)

    def arrives(self, day: date, text: bytes, is_full: bool = False) -> None:
        is_full = is_full and bool(text)
        file = self.write(day, text)
        if not is_full:
            base_check.check_base(self.lake, day)
        record = self.run_data_quality(file, day, is_full)
        run_session_analysis(self.spark, SessionAnalysisJob(self.lake, day, GAP))
        run_ranking(self.spark, RankingJob(self.lake, day, top_sessions=3, top_songs=4))
        # What the last stage of the DAG leaves, as far as the next day looks at it.
        report = Path(self.lake.report(day)) / "report.json"
        replace_file(report, f'{{"log_id": "{record["lineage"]["log_id"]}"}}')
        self.is_as_the_model_says(day, text, is_full, record)

    def write(self, day: date, text: bytes) -> Path:
        file = self.root / f"{day}.tsv"
        if not file.exists() or file.read_bytes() != text:
            file.write_bytes(text)
        return file

    def run_data_quality(self, file: Path, day: date, is_full: bool) -> dict[str, Any]:
        load = lineage.FULL if is_full else lineage.DAILY
        return run_data_quality(self.spark, DataQualityJob(str(file), self.lake, day, load=load, fold_after=3))

    def is_as_the_model_says(self, day: date, text: bytes, is_full: bool, record: dict[str, Any]) -> None:
        before = [] if is_full or day == FIRST else self.days[day - timedelta(days=1)].listens
        there = {astuple(listen) for listen in before}
        judged = model.judge(text, day)
        new = [listen for listen in judged.listens if astuple(listen) not in there]
        listens = [*before, *new]
        self.days[day] = Day(text, is_full, listens, record["lineage"]["log_id"])

        assert record["rows"] == {
            "lines_read": len(model.lines_of(text)),
            "listens_kept": len(new),
            "lines_rejected": len(model.lines_of(text)) - len(new),
        }
        assert record["rejected"]["duplicate"] == judged.reasons["duplicate"] + len(judged.listens) - len(new)
        assert record["log"]["listens"] == len(listens)
        sessions = model.sessions_of(listens, GAP)
        assert Counter(rows(self.lake, SESSIONS, day)) == Counter(astuple(session) for session in sessions)
        longest = model.top_sessions(sessions, 3)
        assert rows(self.lake, TOP_SESSIONS, day) == [(rank, *astuple(one)) for rank, one in enumerate(longest, 1)]
        songs = model.top_songs(sessions, longest, 4)
        assert rows(self.lake, TOP_SONGS, day) == [astuple(song) for song in songs]
        assert rows(self.lake, ALTERNATIVE_SONGS, day) == model.alternative_songs(listens, GAP, 3, 4)


def test_days_add_up_to_the_log_read_at_once_whatever_comes_late_twice_or_again(spark: SparkSession) -> None:
    DailyLoads.spark = spark
    # A step is three jobs or more, ten seconds: a third as many histories as there are examples elsewhere, and short.
    few = settings(max_examples=max(1, settings().max_examples // 3), stateful_step_count=5)
    run_state_machine_as_test(DailyLoads, settings=few)
