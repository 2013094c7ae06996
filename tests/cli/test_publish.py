"""`make publish`: a person publishes a run whose last check failed, and the report says so."""

from __future__ import annotations

import getpass
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from include.runs import run_lock
from include.runs.acceptance import not_accepted
from spark_jobs.lake.published import run_dates
from spark_jobs.logs.listening.tables import LISTENS, SESSIONS
from spark_jobs.ranking.tables import TOP_SONGS as ANSWER
from spark_jobs.shared.documents import read_record
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord, SessionAnalysisRecord
from tests.commands import started
from tests.conftest import PROJECT
from tests.include.report.finished import check_says, finish, listens, retell
from tests.logs import RUN_DATE

FAILED = "order_and_flags: expected: plays never increase with the rank; found 1"
Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def call(lake: Lake) -> Call:
    def call(**variables: str) -> subprocess.CompletedProcess[str]:
        given = {"LAKE": lake.root, "RUN_DATE": str(RUN_DATE), "REASON": "the label agreed", **variables}
        command = started("cli publish", **given)
        return subprocess.run(**command, cwd=PROJECT, capture_output=True, text=True, check=False)

    return call


@pytest.fixture
def stopped(lake: Lake) -> Lake:
    """A run that stopped at its last check: nothing of it is published."""
    finish(lake, listens(("u", "12:00:00", "A", "a"), ("u", "12:01:00", "A", "b")))
    with lake.catalog.open() as catalog:
        catalog.load_table(("listening", ANSWER.name)).manage_snapshots().remove_tag(str(RUN_DATE)).commit()
    parameters = {"session_gap_minutes": 20, "top_sessions": 50, "top_songs": 10, "window_days": None}
    listened = {LISTENS.name: read_record(lake, DataQualityRecord, RUN_DATE).snapshots[LISTENS.name]}
    cut = {SESSIONS.name: read_record(lake, SessionAnalysisRecord, RUN_DATE).snapshots[SESSIONS.name]}
    retell(lake, "session_analysis", parameters={"session_gap_minutes": 20}, made_from=listened)
    retell(lake, "ranking", parameters=parameters, made_from=listened | cut)
    for check in lake.contract.checks:
        check_says(lake, check)
    retell(lake, "check_top_songs", critical=[FAILED], snapshots=listened)
    shutil.rmtree(Path(lake.publication(RUN_DATE, 0)).parent)
    return lake


def test_report_says_who_published_and_why(stopped: Lake, call: Call) -> None:
    done = call()
    assert done.returncode == 0, done.stdout + done.stderr
    facts = json.loads((Path(stopped.report(RUN_DATE)) / "report.json").read_text())
    by_hand = facts["published_by_hand"]
    assert (by_hand["by"], by_hand["reason"]) == (getpass.getuser(), "the label agreed")
    assert (facts["verdict"], facts["degraded_because"]) == ("degraded", [FAILED])
    html = (Path(stopped.report(RUN_DATE)) / "report.html").read_text()
    assert "Published by hand" in html
    assert "the label agreed" in html
    with stopped.catalog.open() as catalog:
        assert run_dates(catalog, "listening", ANSWER.name) == [RUN_DATE]


def test_failed_check_before_an_answer_is_accepted(stopped: Lake, call: Call) -> None:
    # The same run, whose first task was cleared: the records after it are of before.
    retell(stopped, "data_quality", snapshots={"listens": 7})
    retell(stopped, "check_listens", snapshots={"listens": 6}, critical=["score: found 80"])
    done = call()
    assert done.returncode == 1
    assert "has no answer, and no check of it has failed: session_analysis of 2009-05-04 was made from" in done.stdout

    retell(stopped, "check_listens", snapshots={"listens": 7}, critical=["score: found 85"])
    done = call()
    assert done.returncode == 0, done.stdout
    assert f"Accepted for {RUN_DATE}, as {getpass.getuser()} decided: score: found 85" in done.stdout
    assert f"    make run RUN_DATE={RUN_DATE} LOG=listening LAKE={stopped.root} INPUT=" in done.stdout
    assert not_accepted(stopped, RUN_DATE, ["score: found 85"]) == []
    with stopped.catalog.open() as catalog:
        assert run_dates(catalog, "listening", ANSWER.name) == []


def test_date_without_run_is_said(lake: Lake, call: Call) -> None:
    with lake.catalog.open():
        pass
    assert f"no run of {RUN_DATE}" in " ".join(call().stdout.split())


def test_run_under_way_is_not_published(stopped: Lake, call: Call) -> None:
    run_lock.take(stopped, "the run itself")
    done = call()
    assert (done.returncode, "is being written by the run the run itself" in " ".join(done.stdout.split())) == (1, True)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"REASON": " "}, "'--reason': found none, allowed is a sentence: it will be in the report"),
        ({"RUN_DATE": "May"}, "'--run-date': found 'May', allowed is a date as YYYY-MM-DD"),
    ],
)
def test_bad_argument_is_named(call: Call, variables: dict[str, str], said: str) -> None:
    done = call(**variables)
    assert (done.returncode, said in done.stderr) == (2, True)
