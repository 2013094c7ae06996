from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks.benched import check
from benchmarks.listening import duckdb_work, programs
from include.sample_data.listening import generate_log
from include.sample_data.listening.answer import beside
from tests import model
from tests.logs import GAP, RUN_DATE


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    log = tmp_path_factory.mktemp("duckdb") / "a user's log.tsv"
    generate_log.main([str(log), "--listens", "20000", "--users", "9"])
    return log


@pytest.fixture(scope="module")
def output(log: Path) -> Path:
    output = log.parent / "a user's work"
    duckdb_work.main(str(log), str(output))
    return output


def test_answer_of_the_whole_work_is_right(log: Path, output: Path) -> None:
    answer = json.loads(beside(log).read_text(encoding="utf-8"))
    assert check(programs.of_duckdb(output / "answer.tsv"), answer)["right"]


def test_work_has_all_listens_and_sessions(log: Path, output: Path) -> None:
    judged = model.judge(log.read_bytes(), RUN_DATE)
    listens, sessions = (pq.read_table(output / f"{name}.parquet") for name in ("listens", "sessions-20"))
    assert listens.num_rows == len(judged.listens)
    assert sessions.num_rows == len(model.sessions_of(judged.listens, GAP))


def test_work_ranks_by_every_definition(output: Path) -> None:
    found = {file.stem for file in output.glob("*.tsv")}
    assert found == duckdb_work.DEFINITIONS.keys()
    assert all(len(file.read_text().splitlines()) == 11 for file in output.glob("*.tsv"))
