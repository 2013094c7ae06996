from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_jobs.data_quality import job as data_quality
from spark_jobs.ranking import job as ranking
from spark_jobs.ranking.tables import TOP_SONGS
from spark_jobs.session_analysis import job as session_analysis
from spark_jobs.shared import application
from spark_jobs.shared.application import run_application
from spark_jobs.shared.errors import DataError
from spark_jobs.shared.lake import Lake
from tests.jobs import knowing
from tests.lake_reader import rows
from tests.logs import RUN_DATE


@pytest.fixture(autouse=True)
def shared_session(spark: SparkSession, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Applications run in the tests' session and do not stop it."""
    monkeypatch.setattr(application, "spark_session", lambda *_: nullcontext(knowing(spark, lake)))


def test_three_applications_run_and_print_their_counts(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log.tsv"
    log.write_text("u\t2009-05-01T12:00:00Z\t\tA\t\tx\nu\t2009-05-01T12:10:00Z\t\tA\t\tx\nodd\n")
    common = ["--lake", lake.root, "--log", "listening", "--run-date", str(RUN_DATE)]
    data_quality.main(["--input", str(log), *common])
    gap = ("--session-gap-minutes", "5")
    session_analysis.main([*common, *gap])
    ranking.main([*common, *gap, "--top-sessions", "1"])
    assert rows(lake, TOP_SONGS, RUN_DATE) == [(1, "A", "x", 1, 1, 1)]
    assert capsys.readouterr().out.splitlines() == [
        "data_quality: 3 lines read, 2 accepted, 1 rejected, quality score 66.67",
        "session_analysis: 2 sessions of 2 listens",
        "ranking: 1 songs of 1 sessions",
    ]


def test_data_error_exits_65_with_its_reason(
    lake: Lake,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(_: SparkSession) -> dict[str, int]:
        raise DataError("nothing to read; give it something")

    with pytest.raises(SystemExit, match="65"):
        run_application("ranking 2009-05-04", lake, run)
    assert capsys.readouterr().err == "ERROR ranking 2009-05-04: nothing to read; give it something\n"


def test_other_error_exits_1_and_names_itself_last(
    lake: Lake,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(_: SparkSession) -> dict[str, int]:
        raise ConnectionError("a lost executor\nand more")

    with pytest.raises(SystemExit, match="^1$"):
        run_application("ranking 2009-05-04", lake, run)
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "Traceback (most recent call last):"
    assert said[-1] == "ERROR ranking 2009-05-04: ConnectionError: a lost executor"
