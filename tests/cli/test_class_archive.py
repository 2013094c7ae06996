from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cli import class_archive
from cli.environment import airflow_environment
from include.deployment.jars import spark_jars
from include.deployment.local_spark import CLASS_ARCHIVE, WITH_CLASS_ARCHIVE


def test_spark_loads_its_classes_from_the_archive(tmp_path: Path) -> None:
    assert CLASS_ARCHIVE.exists(), "make it with: python -m cli.class_archive"
    loaded = tmp_path / "loaded.txt"
    options = f"{WITH_CLASS_ARCHIVE} '-Xlog:class+load:file={loaded}'"
    environment = airflow_environment(tmp_path, tmp_path, tmp_path, "log.tsv")
    jars = [part for setting in spark_jars(master="local").items() for part in ("--conf", "=".join(setting))]
    command = ["spark-submit", *jars, "--driver-java-options", options, "--version"]
    subprocess.run(command, env=environment, check=True)
    from_archive = [line for line in loaded.read_text().splitlines() if "shared objects file (top)" in line]
    assert any("org.apache.spark.deploy.SparkSubmit " in line for line in from_archive)


def test_failed_archive_is_reported_and_old_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    archive, spark_submit = tmp_path / "build" / "spark-classes.jsa", tmp_path / "spark-submit"
    archive.parent.mkdir()
    archive.write_text("old")
    spark_submit.write_text("#!/bin/sh\nexit 3\n")
    spark_submit.chmod(0o755)
    monkeypatch.setattr(class_archive, "CLASS_ARCHIVE", archive)
    monkeypatch.setattr(class_archive, "airflow_environment", lambda *_: {"PATH": str(tmp_path)})
    class_archive.main()
    said = capsys.readouterr().err
    assert "No archive of Spark's classes was made, each start takes longer without" in said
    assert "non-zero exit status 3" in said
    assert [file.name for file in archive.parent.iterdir()] == [archive.name]
    assert archive.read_text() == "old"
