"""Rejected lines come back as a log, and corrected they are listens like any other."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from include.sample_data.listening.generate_log import ODD_LINES
from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.logs.listening.tables import LISTENS
from spark_jobs.shared.lake import Lake
from tests.commands import started
from tests.conftest import PROJECT
from tests.jobs import run_data_quality as run
from tests.lake_reader import rows
from tests.logs import RUN_DATE, line
from tests.published import leave_record
from tests.records import counted

GOOD = [line("u", f"2009-05-01T12:00:{second:02d}Z", "", "Artist", "", "Track") for second in range(20)]
# Some good lines and their broken form; a person mends it back.
BROKEN = {
    GOOD[3]: GOOD[3].replace(b"\t", b","),
    GOOD[7]: GOOD[7].replace(b"Z", b""),
    GOOD[11]: GOOD[11].replace(b"Track", b"Track \xff"),
}


@pytest.fixture
def call(lake: Lake, tmp_path: Path) -> object:
    def call(**variables: str) -> subprocess.CompletedProcess[str]:
        """`make rejected` with these variables, in a directory of its own."""
        given = {"PYTHONPATH": str(PROJECT), "LAKE": lake.root, "RUN_DATE": str(RUN_DATE), **variables}
        command = started("cli rejected", **given)
        return subprocess.run(**command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return call


def test_corrected_lines_give_the_faultless_logs_tables(
    spark: SparkSession, lake: Lake, tmp_path: Path, call: object
) -> None:
    logs, mended = tmp_path / "logs", {bad: good for good, bad in BROKEN.items()}
    logs.mkdir()
    (logs / "log.tsv").write_bytes(b"\n".join(BROKEN.get(one, one) for one in GOOD))
    run(spark, DataQualityJob(str(logs), lake, RUN_DATE))

    written = call(OUTPUT="rejected.tsv")
    assert (written.returncode, written.stdout.splitlines()[-1].split()) == (0, ["3", "lines:", "rejected.tsv"])
    rejected = (tmp_path / "rejected.tsv").read_bytes().removesuffix(b"\n").split(b"\n")
    assert Counter(rejected) == Counter(BROKEN.values())

    (logs / "corrected.tsv").write_bytes(b"\n".join(mended[one] for one in rejected))
    figures = run(spark, DataQualityJob(str(logs), lake, RUN_DATE))
    again = rows(lake, LISTENS, RUN_DATE)
    (logs / "log.tsv").write_bytes(b"\n".join(GOOD))
    (logs / "corrected.tsv").unlink()
    run(spark, DataQualityJob(str(logs), lake, RUN_DATE))
    assert again == rows(lake, LISTENS, RUN_DATE)
    assert figures.counts == counted(23, 20, 3)


def test_rejected_lines_come_back_byte_for_byte(spark: SparkSession, lake: Lake, tmp_path: Path, call: object) -> None:
    (tmp_path / "log.tsv").write_bytes(b"\r\n".join(ODD_LINES) + b"\r\n")
    figures = run(spark, DataQualityJob(str(tmp_path / "log.tsv"), lake, RUN_DATE))
    assert call().returncode == 0
    everything = (tmp_path / f"rejected-{RUN_DATE}.tsv").read_bytes().split(b"\n")[:-1]
    assert len(everything) == figures.counts.records_rejected
    assert set(everything) <= {one + b"\r" for one in ODD_LINES}
    assert call(REASON="invalid_encoding", OUTPUT="bytes.tsv").returncode == 0
    assert (tmp_path / "bytes.tsv").read_bytes() == ODD_LINES[0] + b"\r\n"

    refused = call()
    assert (refused.returncode, "rejected-2009-05-04.tsv exists; move it away" in refused.stdout) == (1, True)
    assert call(REASON="all", OUTPUT="all.tsv").returncode == 0
    assert (tmp_path / "all.tsv").read_bytes().split(b"\n")[:-1] == everything
    none = call(REASON="missing_user_id", RUN_DATE="2009-05-03", OUTPUT="none.tsv")
    assert "no run of 2009-05-03 in " in none.stdout


def test_expired_lines_are_said_to_be_gone(spark: SparkSession, lake: Lake, tmp_path: Path, call: object) -> None:
    (tmp_path / "log.tsv").write_bytes(GOOD[0] + BROKEN[GOOD[3]] + BROKEN[GOOD[7]])
    record = run(spark, DataQualityJob(str(tmp_path / "log.tsv"), lake, RUN_DATE))
    leave_record(lake, "data_quality", RUN_DATE, {**record.model_dump(), "snapshots": {"rejected_records": 7}})
    refused = call(OUTPUT="some.tsv")
    assert refused.returncode == 1
    assert "the snapshot 7 of rejected_records has expired; run the date again" in " ".join(refused.stdout.split())
    assert [file.name for file in tmp_path.iterdir() if "some" in file.name] == []


def test_a_log_without_a_fault_gives_no_file(spark: SparkSession, lake: Lake, tmp_path: Path, call: object) -> None:
    (tmp_path / "log.tsv").write_bytes(GOOD[0])
    run(spark, DataQualityJob(str(tmp_path / "log.tsv"), lake, RUN_DATE))
    nothing = call(REASON="field_count", OUTPUT="nothing.tsv")
    assert (nothing.returncode, "no line of run date 2009-05-04 was rejected for field_count" in nothing.stdout) == (
        1,
        True,
    )
    assert [file.name for file in tmp_path.iterdir() if "nothing" in file.name] == []


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"RUN_DATE": "yesterday"}, "'--run-date': found 'yesterday', allowed is a date as YYYY-MM-DD"),
        ({"REASON": "odd"}, "'--reason': found 'odd', allowed is all or one of invalid_encoding, field_count"),
    ],
)
def test_a_bad_argument_is_named(call: object, variables: dict[str, str], message: str) -> None:
    refused = call(**variables)
    assert (refused.returncode, message in refused.stderr) == (2, True)


def test_log_of_several_kinds_is_refused(call: Any) -> None:
    done = call(LOG="shop")
    assert done.returncode == 2
    assert "found 'shop', allowed is a log with one kind of records" in " ".join(done.stderr.replace("│", "").split())
