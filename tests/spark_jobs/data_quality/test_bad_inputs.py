"""Every fault that a log can have gives exactly the listens, rejected lines and counts listed for it.

The lines of the cases go through the job together, once with LF and once with CRLF; so do its files.
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
from collections import Counter
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from cli.environment import PROJECT, airflow_environment
from include.deployment.local_spark import EMBEDDED
from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.logs.listening.parsing import parse_lines
from spark_jobs.logs.listening.tables import LISTENS, REJECTED_RECORDS
from spark_jobs.shared.errors import EmptyInputError, InputError
from spark_jobs.shared.lake import Lake
from tests import model
from tests.bad_files import BOM, FILES, good
from tests.bad_lines import CASES, CASES_WITH_CRLF, MEGABYTE, Case, kept
from tests.frames import frame_of
from tests.jobs import run_data_quality as run
from tests.lake_reader import rows
from tests.logs import RUN_DATE, byte_soups, damaged_logs
from tests.records import counted

HUNDRED_MEGABYTES = 100 * MEGABYTE


@dataclass(frozen=True)
class Outcome:
    listens: Counter[tuple[Any, ...]]
    rejected: Counter[tuple[bytes, str]]
    figures: dict[str, Any]


def outcome(spark: SparkSession, lake: Lake, input_path: Path) -> Outcome:
    figures = run(spark, DataQualityJob(str(input_path), lake, RUN_DATE))
    lines = Counter((line, reason) for line, reason, _ in rows(lake, REJECTED_RECORDS, RUN_DATE))
    return Outcome(Counter(rows(lake, LISTENS, RUN_DATE)), lines, figures)


def expected(cases: dict[str, Case], line_end: bytes) -> tuple[Counter[Any], Counter[Any], Counter[str]]:
    """The listens, rejected lines and warnings of a log of these lines."""
    cr = line_end.removesuffix(b"\n")
    return (
        Counter(case.listen for case in cases.values() if case.listen),
        Counter((case.line + cr, case.reason) for case in cases.values() if case.reason),
        Counter(warning for case in cases.values() for warning in case.warnings),
    )


@pytest.fixture(scope="module")
def with_lf(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return outcome_of_lines(spark, tmp_path_factory.mktemp("lf"), CASES, b"\n")


@pytest.fixture(scope="module")
def with_crlf(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return outcome_of_lines(spark, tmp_path_factory.mktemp("crlf"), CASES_WITH_CRLF, b"\r\n")


def outcome_of_lines(spark: SparkSession, directory: Path, cases: dict[str, Case], line_end: bytes) -> Outcome:
    log = directory / "log.tsv"
    log.write_bytes(b"".join(case.line + line_end for case in cases.values()))
    return outcome(spark, Lake(str(directory / "lake"), "listening"), log)


@pytest.mark.parametrize("name", CASES)
def test_a_line_becomes(with_lf: Outcome, name: str) -> None:
    case = CASES[name]
    if case.reason:
        assert (case.line, case.reason) in with_lf.rejected
    else:
        assert case.listen in with_lf.listens


def test_every_bad_line_has_its_expected_outcome(with_lf: Outcome) -> None:
    assert_all(with_lf, CASES, b"\n")


def test_crlf_changes_no_listen_rejected_lines_keep_it(with_crlf: Outcome) -> None:
    assert_all(with_crlf, CASES_WITH_CRLF, b"\r\n")


def assert_all(found: Outcome, cases: dict[str, Case], line_end: bytes) -> None:
    listens, lines, warnings = expected(cases, line_end)
    assert found.listens == listens
    assert found.rejected == lines
    reasons = Counter(case.reason for case in cases.values() if case.reason)
    assert found.figures.rejected == {reason: reasons[reason] for reason in LISTENING.events.reason_names}
    assert found.figures.warnings == {warning: warnings[warning] for warning in LISTENING.events.warning_names}
    assert found.figures.counts == counted(len(cases), listens.total(), lines.total())


def test_cases_cover_every_reason_and_model_agrees() -> None:
    listens, lines, warnings = expected(CASES, b"\n")
    judged = model.judge(b"".join(case.line + b"\n" for case in CASES.values()), RUN_DATE)
    assert Counter(astuple(listen) for listen in judged.listens) == listens
    assert Counter(judged.rejected) == lines
    assert judged.warnings == warnings
    assert {reason for _, reason in lines} == set(LISTENING.events.reason_names)


def test_line_of_1000_tabs_counts_seven_fields(spark: SparkSession) -> None:
    (row,) = parse_lines(frame_of(spark, [("\t" * 1000,)], "line string")).select("field_count").collect()
    assert row.field_count == 7


@pytest.fixture(scope="module")
def of_files(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Counter[Any]]:
    """The outcome of a directory of all files, and its rejected lines with the name of their file."""
    directory = tmp_path_factory.mktemp("files")
    lake = Lake(str(directory / "lake"), "listening")
    (directory / "logs").mkdir()
    for name, (content, _, _) in FILES.items():
        (directory / "logs" / name).write_bytes(content)
    found = outcome(spark, lake, directory / "logs")
    return found, Counter(
        (Path(file).name, line, reason) for line, reason, file in rows(lake, REJECTED_RECORDS, RUN_DATE)
    )


@pytest.mark.parametrize("name", FILES)
def test_a_file_among_others_becomes(of_files: tuple[Outcome, Counter[Any]], name: str) -> None:
    _, users, lines = FILES[name]
    found, with_names = of_files
    assert [user for user in users if kept(user).listen not in found.listens] == []
    assert {entry: n for entry, n in with_names.items() if entry[0] == name} == Counter((name, *one) for one in lines)


def test_every_bad_file_has_its_expected_outcome(of_files: tuple[Outcome, Counter[Any]]) -> None:
    found, _ = of_files
    users = [user for _, of_file, _ in FILES.values() for user in of_file]
    lines = [entry for _, _, of_file in FILES.values() for entry in of_file]
    assert found.listens == Counter(kept(user).listen for user in users)
    assert found.rejected == Counter(lines)
    assert found.figures.counts == counted(len(users) + len(lines), len(users), len(lines))


def test_file_without_good_lines_is_judged_normally(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    content, _, lines = FILES["binary.tsv"]
    (tmp_path / "binary.tsv").write_bytes(content)
    found = outcome(spark, lake, tmp_path / "binary.tsv")
    assert (found.listens, found.rejected) == (Counter(), Counter(lines))
    assert (found.figures.quality_score, found.figures.counts.records_read) == (0, 2)


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({}, id="a directory of nothing"),
        pytest.param({"_hidden.tsv": good("u"), ".hidden.tsv": good("u")}, id="hidden files"),
    ],
)
def test_no_file_at_all_fails_the_run(spark: SparkSession, lake: Lake, tmp_path: Path, files: dict[str, bytes]) -> None:
    write(tmp_path / "logs", files)
    with pytest.raises(InputError, match="no file at .*logs"):
        run(spark, DataQualityJob(str(tmp_path / "logs"), lake, RUN_DATE))


def test_no_line_at_all_fails_the_run(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    write(tmp_path / "logs", {"1.tsv": b"", "2.tsv": BOM, "3.tsv.gz": b"", "4.tsv.gz": gzip.compress(b"")})
    with pytest.raises(EmptyInputError, match=r"logs holds no line; a run needs at least one"):
        run(spark, DataQualityJob(str(tmp_path / "logs"), lake, RUN_DATE))
    assert rows(lake, LISTENS, RUN_DATE) == []


def write(directory: Path, files: dict[str, bytes]) -> None:
    directory.mkdir()
    for name, content in files.items():
        (directory / name).write_bytes(content)


@pytest.mark.long
@pytest.mark.parametrize(
    ("content", "kept_and_rejected"),
    [
        pytest.param(b"x" * HUNDRED_MEGABYTES, (2, 1), id="no tab"),
        pytest.param(b"\t" * HUNDRED_MEGABYTES, (2, 1), id="nothing but tabs"),
        pytest.param(b"\xff\0" * (HUNDRED_MEGABYTES // 2), (2, 1), id="binary"),
        pytest.param(good("long")[:-1] + b"t" * HUNDRED_MEGABYTES, (3, 0), id="a name"),
    ],
)
def test_line_of_100_megabytes_fits_in_memory(
    lake: Lake, tmp_path: Path, content: bytes, kept_and_rejected: tuple[int, int]
) -> None:
    log = tmp_path / "log.tsv"
    log.write_bytes(good("before") + content + b"\n" + good("after"))
    settings = {key: value for key, value in EMBEDDED["extra"].items() if key.startswith("spark.")}
    options = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    job = [
        "spark_jobs/data_quality/job.py",
        "--input",
        str(log),
        "--lake",
        lake.root,
        "--log",
        "listening",
        "--run-date",
        str(RUN_DATE),
    ]
    environment = airflow_environment(tmp_path, Path(lake.root), tmp_path, log.name)
    done = subprocess.run(
        ["spark-submit", "--master", "local[2]", *options, *job],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    listens, rejected_lines = kept_and_rejected
    counts = f"3 lines read, {listens} accepted, {rejected_lines} rejected"
    assert counts in done.stdout, f"exit code {done.returncode}: {done.stderr[-2000:]}"
    assert len(rows(lake, LISTENS, RUN_DATE)) == listens
    assert [line for line, _, _ in rows(lake, REJECTED_RECORDS, RUN_DATE)] == [content] * rejected_lines


@settings(max_examples=settings().max_examples * 2 // 3)
@given(log=byte_soups() | damaged_logs(), compressed=st.booleans())
@example(log=bytes(range(256)) * 3, compressed=False)
def test_whatever_the_bytes_no_line_is_lost(spark: SparkSession, tmp_path: Path, log: bytes, compressed: bool) -> None:
    lake, file = Lake(str(tmp_path / "lake"), "listening"), tmp_path / ("log.tsv.gz" if compressed else "log.tsv")
    shutil.rmtree(lake.root, ignore_errors=True)
    half = len(log) // 2
    file.write_bytes(gzip.compress(log[:half]) + gzip.compress(log[half:]) if compressed else log)
    if not model.lines_of(log):
        with pytest.raises(EmptyInputError):
            run(spark, DataQualityJob(str(file), lake, RUN_DATE))
        return
    found, judged = outcome(spark, lake, file), model.judge(log, RUN_DATE)
    assert found.listens == Counter(astuple(listen) for listen in judged.listens)
    assert found.rejected == Counter(judged.rejected)
    assert +Counter(found.figures.rejected) == judged.reasons
    assert +Counter(found.figures.warnings) == judged.warnings
    assert found.figures.counts.records_read == len(model.lines_of(log))
