"""A job reads all of its input and writes the given lake. The shell's settings change neither."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from spark_jobs.logs.listening.tables import LISTENS
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.paths import in_ascii
from tests.conftest import PROJECT
from tests.faults.conftest import DAY, Whole
from tests.faults.processes import SETTINGS, submitted
from tests.lake_reader import rows

HDFS = "<property><name>fs.defaultFS</name><value>hdfs://namenode:8020</value></property>"
FOLDERS = (b"2009", b"M\xfcsik/2009", "Müsik/2009/ä".encode(), b"a:b/c=1")


def tree_of(log: Path, root: Path) -> bytes:
    """Write a log as a tree of files with names of any bytes, and return the root of the tree."""
    lines = log.read_bytes().splitlines(keepends=True)
    for place, folder in enumerate(FOLDERS):
        directory = os.path.join(os.fsencode(root), "täglich".encode(), folder)
        os.makedirs(directory)
        with open(os.path.join(directory, b"l\xf6g.tsv"), "wb") as file:
            file.writelines(lines[place :: len(FOLDERS)])
    return os.path.join(os.fsencode(root), "täglich".encode())


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"LC_ALL": "C"}, id="C"),
        pytest.param({"LC_ALL": "C.UTF-8"}, id="UTF-8"),
        pytest.param({"HADOOP_CONF_DIR": "hadoop"}, id="HDFS by default"),
    ],
)
def test_every_line_of_the_tree_is_read(whole: Whole, log: Path, tmp_path: Path, variables: dict[str, str]) -> None:
    (tmp_path / "hadoop").mkdir()
    (tmp_path / "hadoop" / "core-site.xml").write_text(f"<configuration>{HDFS}</configuration>")
    variables = {
        name: str(tmp_path / value) if name.startswith("HADOOP") else value for name, value in variables.items()
    }
    lake = Lake(str(tmp_path / "lake"), "listening")
    arguments = [
        "--input",
        in_ascii(tree_of(log, tmp_path / "in")),
        "--lake",
        lake.root,
        "--log",
        "listening",
        "--run-date",
        str(DAY),
    ]
    job = PROJECT / "spark_jobs" / "data_quality" / "job.py"
    with submitted(job, arguments, SETTINGS, variables=variables) as process:
        said = process.communicate()[0]
    assert process.returncode == 0, said
    assert Counter(rows(lake, LISTENS, DAY)) == Counter(whole.answers[DAY][LISTENS.name])
    files = json.loads(Path(lake.stage_record("data_quality", DAY)).read_bytes())["files"]
    assert len(files) == len(FOLDERS)
    assert f"{tmp_path}/in/täglich/M\\xfcsik/2009/l\\xf6g.tsv" in {file["file"] for file in files}
