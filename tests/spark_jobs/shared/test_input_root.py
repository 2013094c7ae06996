"""What a job reads lies below the input root, whatever a link makes of a path that was checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from include.input_check import check_input
from spark_jobs.data_quality import job
from spark_jobs.data_quality.job import DataQualityJob, run
from spark_jobs.ranking.job import RankingJob
from spark_jobs.ranking.job import run as run_ranking
from spark_jobs.session_analysis.job import SessionAnalysisJob
from spark_jobs.session_analysis.job import run as run_session_analysis
from spark_jobs.shared.file_system import InputFile
from spark_jobs.shared.input_root import OutsideInputRootError, check_below
from spark_jobs.shared.lake import LISTENERS, LISTENS, REJECTED_LISTENS, Lake
from tests.lake_reader import rows
from tests.logs import RUN_DATE, line

LISTEN = line("u", "2009-05-01T12:00:00Z", "", "Artist", "", "Track")
SECRET = line("u", "2009-05-01T12:00:00Z", "", "Secret", "", "Track")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "input"
    (root / "day").mkdir(parents=True)
    (root / "day" / "x.tsv").write_bytes(LISTEN)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "log.tsv").write_bytes(SECRET)
    return root


def published(lake: Lake) -> list[Any]:
    return [*rows(lake, LISTENS, RUN_DATE), *rows(lake, REJECTED_LISTENS, RUN_DATE)]


@pytest.mark.parametrize(
    ("link", "target", "input_path"),
    [
        pytest.param(
            "day/y.tsv", "elsewhere/log.tsv", "day/[^y]*", id="a class that Hadoop negates, and Python does not"
        ),
        pytest.param(".day", "elsewhere", "*/*.tsv", id="a hidden directory, which a star of Hadoop's matches"),
    ],
)
def test_what_python_and_hadoop_read_differently_leads_nowhere_else(
    spark: SparkSession, lake: Lake, root: Path, link: str, target: str, input_path: str
) -> None:
    # For Hadoop the pattern `[^y]*` is all but `y…`: so here the link is one of the others.
    link = link.replace("y.tsv", "z.tsv")
    (root / "day" / "^y.tsv").write_bytes(LISTEN)
    (root / link).symlink_to(root.parent / target)
    checked = check_input(input_path, root, lake, RUN_DATE)["input_path"]
    with pytest.raises(OutsideInputRootError, match="elsewhere/log.tsv, outside .*input, the only place runs may read"):
        run(spark, DataQualityJob(checked, lake, RUN_DATE, str(root)))
    assert published(lake) == []


@pytest.mark.parametrize("moment", ["before", "while"])
def test_a_link_that_is_changed_after_it_was_checked_is_found_out(
    spark: SparkSession, lake: Lake, root: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    (root / "log.tsv").symlink_to(root / "day" / "x.tsv")
    checked = check_input("log.tsv", root, lake, RUN_DATE)["input_path"]

    def swap() -> None:
        (root / "log.tsv").unlink()
        (root / "log.tsv").symlink_to(root.parent / "elsewhere" / "log.tsv")

    real = job.write_outcomes

    def read_and_swap(*arguments: Any) -> dict[str, Any]:
        counts = real(*arguments)
        swap()
        return counts

    if moment == "before":
        swap()
    else:
        monkeypatch.setattr(job, "write_outcomes", read_and_swap)
    with pytest.raises(OutsideInputRootError, match="log.tsv is .*elsewhere/log.tsv, outside"):
        run(spark, DataQualityJob(checked, lake, RUN_DATE, str(root)))
    assert published(lake) == []
    assert list(Path(lake.staging("")).iterdir()) == []


def test_profiles_from_elsewhere_cost_their_dataset_and_no_word_of_them_is_told(
    spark: SparkSession, lake: Lake, root: Path
) -> None:
    run(spark, DataQualityJob(str(root / "day"), lake, RUN_DATE, str(root)))
    run_session_analysis(spark, SessionAnalysisJob(lake, RUN_DATE))
    (root / "profiles.tsv").symlink_to(root.parent / "elsewhere" / "log.tsv")
    asked = RankingJob(lake, RUN_DATE, alternatives=False, profiles=str(root / "profiles.tsv"), input_root=str(root))
    problem = run_ranking(spark, asked)["profiles"]["problem"]
    assert "elsewhere/log.tsv, outside" in problem
    assert "Secret" not in problem
    assert rows(lake, LISTENERS, RUN_DATE) == []


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("{root}/../elsewhere/log.tsv", id="dots"),
        pytest.param("{root}-of-others/log.tsv", id="a name that begins alike"),
        pytest.param("hdfs://host{root}/log.tsv", id="another file system"),
        pytest.param("file://host{root}/log.tsv", id="another machine"),
        pytest.param("//host{root}/log.tsv", id="another machine, of the default file system"),
    ],
)
def test_a_file_that_is_not_below_the_root_is_refused(root: Path, name: str) -> None:
    name = name.format(root=root)
    with pytest.raises(OutsideInputRootError):
        check_below(str(root), [InputFile(name, name, 1, 0)])


@pytest.mark.parametrize("prefix", ["", "file:", "file://"])
def test_a_file_below_the_root_is_let_pass_and_without_a_root_every_file(root: Path, prefix: str) -> None:
    name = f"{prefix}{root}/day/x.tsv"
    check_below(str(root), [InputFile(name, name, 1, 0)])
    check_below("/", [InputFile(name, name, 1, 0)])
    check_below("", [InputFile("hdfs://host/x", "hdfs://host/x", 1, 0)])
