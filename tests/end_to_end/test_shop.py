"""The shop as `make run LOG=shop` does it: a first load, and a day that adds to it."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import subprocess
from datetime import date
from pathlib import Path

import pytest

from include.sample_data.shop import generate_log
from spark_jobs.shared.documents import read_record
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord
from tests.commands import commands_noted, started
from tests.conftest import PROJECT
from tests.shop_model import answers, judge
from tests.shop_model.judged import KINDS

pytestmark = pytest.mark.end_to_end

FIRST, SECOND = date(2026, 5, 9), date(2026, 5, 10)
KEY = "planted-masking-key-4711"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def log(home: Path) -> Path:
    """Directories named by the run dates: the log up to the first one, and what arrives on the second."""
    size = ("--events", "2500", "--users", "50", "--days", "10", "--odd-records", "--daily", "1")
    generate_log.main([str(home / "log"), *size, "--last-day", str(SECOND)])
    return home / "log"


def run(home: Path, log: Path, run_date: date, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the DAG with a Spark of its own, which has the masking key in its environment."""
    given = {"LOG": "shop", "INPUT": f"{log}/{{run_date}}", "RUN_DATE": str(run_date), "LAKE": str(home / "lake")}
    # Nearly half of the second day's records are odd ones.
    scores = dict.fromkeys(("PIPELINE_SHOP_STOP_QUALITY_SCORE", "PIPELINE_SHOP_MINIMUM_QUALITY_SCORE"), "50")
    exported = {"PIPELINE_AIRFLOW_HOME": str(home / "airflow"), "PIPELINE_MASKING_KEY": KEY, **scores}
    command = started("cli run", **given, **exported, **variables)
    return subprocess.run(**command, cwd=PROJECT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def commands(home: Path, log: Path) -> set[str]:
    """The command lines of both runs, which have ended well."""
    noted: set[str] = set()
    with commands_noted(noted):
        for run_date, load in ((FIRST, "full"), (SECOND, "daily")):
            done = run(home, log, run_date, LOAD=load)
            assert done.returncode == 0, done.stdout + done.stderr
    return noted


def files(log: Path, *run_dates: date) -> dict[str, list[bytes]]:
    """The bytes of the files of some days, by kind."""
    return {
        kind: [
            gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
            for run_date in run_dates
            for file in sorted((log / str(run_date) / kind).glob("*.jsonl*"))
        ]
        for kind in KINDS
    }


@pytest.mark.parametrize(("run_date", "arrived"), [(FIRST, [FIRST]), (SECOND, [FIRST, SECOND])], ids=["full", "daily"])
@pytest.mark.usefixtures("commands")
def test_files_of_the_answers_are_the_models(home: Path, log: Path, run_date: date, arrived: list[date]) -> None:
    judged = judge(files(log, *arrived), run_date)
    expected = answers(*judged.accepted.values(), run_date, judged.warnings)
    report = Path(Lake(str(home / "lake"), "shop").report(run_date))
    assert {name: (report / f"{name}.tsv").read_text() for name in expected.tables} == {
        name: expected.text(name) for name in expected.tables
    }


@pytest.mark.usefixtures("commands")
def test_record_tells_which_key_hashed(home: Path) -> None:
    seen = hmac.new(KEY.encode(), b"", hashlib.sha256).hexdigest()[:8]
    record = read_record(Lake(str(home / "lake"), "shop"), DataQualityRecord, SECOND)
    assert record.masking_key == f"1:{seen}"


def test_masking_key_shows_in_no_file_and_no_command(home: Path, commands: set[str]) -> None:
    assert any("data_quality" in command for command in commands)
    assert not [command for command in commands if KEY in command]
    written = [file for place in ("lake", "airflow") for file in (home / place).rglob("*") if file.is_file()]
    assert len(written) > 100
    assert not [file for file in written if KEY.encode() in file.read_bytes()]
