"""The notes as `make run LOG=notes` does it: a first load, and a day that adds to it."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest

from include.report.notes.model import NotesReport
from include.sample_data.notes import generate_log
from spark_jobs.shared.documents import read_document, read_record
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord
from tests.commands import started
from tests.conftest import PROJECT
from tests.notes_model import KINDS, Judged, answers, files_of, judge

pytestmark = pytest.mark.end_to_end

FIRST, SECOND = date(2026, 5, 9), date(2026, 5, 10)
LOADS = [(FIRST, [FIRST]), (SECOND, [FIRST, SECOND])]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("notes")


@pytest.fixture(scope="module")
def log(home: Path) -> Path:
    """Directories named by the run dates: the log up to the first one, and what arrives on the second."""
    size = ("--interactions", "2500", "--users", "50", "--days", "40", "--odd-records", "--daily", "1")
    generate_log.main([str(home / "log"), *size, "--last-day", str(SECOND)])
    return home / "log"


@pytest.fixture(scope="module")
def lake(home: Path, log: Path) -> Lake:
    """The lake after both runs, which have ended well."""
    lake = Lake(str(home / "lake"), "notes")
    for run_date, load in ((FIRST, "full"), (SECOND, "daily")):
        done = run(home, log, run_date, load)
        assert done.returncode == 0, done.stdout + done.stderr
    return lake


def run(home: Path, log: Path, run_date: date, load: str) -> subprocess.CompletedProcess[str]:
    """Run the DAG with a Spark of its own."""
    given = {"LOG": "notes", "INPUT": f"{log}/{{run_date}}", "RUN_DATE": str(run_date), "LAKE": str(home / "lake")}
    # Nearly half of the second day's records are odd ones.
    scores = dict.fromkeys(("PIPELINE_NOTES_STOP_QUALITY_SCORE", "PIPELINE_NOTES_MINIMUM_QUALITY_SCORE"), "30")
    exported = {"PIPELINE_AIRFLOW_HOME": str(home / "airflow"), **scores}
    command = started("cli run", **given, **exported, LOAD=load)
    return subprocess.run(**command, cwd=PROJECT, capture_output=True, text=True, check=False)


def judged(log: Path, run_date: date, arrived: list[date]) -> Judged:
    """What the model makes of the files of some days."""
    found = {
        f"{kind}/{day}/{file.name}": file.read_bytes()
        for day in arrived
        for kind in KINDS
        for file in (log / str(day) / kind).iterdir()
    }
    return judge(found, run_date)


@pytest.mark.parametrize(("run_date", "arrived"), LOADS, ids=["full", "daily"])
def test_files_of_the_answers_are_the_models(lake: Lake, log: Path, run_date: date, arrived: list[date]) -> None:
    accepted = judged(log, run_date, arrived).accepted
    expected = files_of(answers(accepted["interactions"], accepted["users"], run_date))
    report = Path(lake.report(run_date))
    assert {name: (report / name).read_text() for name in expected} == expected


def test_rejected_records_are_those_of_the_model(lake: Lake, log: Path) -> None:
    record, expected = read_record(lake, DataQualityRecord, FIRST), judged(log, FIRST, [FIRST])
    found = {"interactions": record.rejected, "users": record.others["users"].rejected}
    assert {kind: {name: count for name, count in counts.items() if count} for kind, counts in found.items()} == {
        kind: dict(reasons) for kind, reasons in expected.reasons.items()
    }


@pytest.mark.parametrize(("run_date", "arrived"), LOADS, ids=["full", "daily"])
def test_warnings_are_of_the_whole_log(lake: Lake, log: Path, run_date: date, arrived: list[date]) -> None:
    report = read_document(lake.report(run_date) / "report.json", NotesReport, "")
    found = {one.name: one.records for one in report.warnings if one.records}
    assert found == dict(judged(log, run_date, arrived).warnings)


def test_second_report_compares_itself_with_the_first(lake: Lake) -> None:
    report = read_document(lake.report(SECOND) / "report.json", NotesReport, "")
    assert report.since_previous is not None
    assert report.since_previous.run_date == FIRST
    assert report.new is not None
    assert report.new.base_run_date == FIRST
