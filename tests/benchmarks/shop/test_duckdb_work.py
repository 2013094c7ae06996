from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from benchmarks.benched import check
from benchmarks.shop import duckdb_work, programs
from include.sample_data.shop import generate_log
from tests.shop_lines import shop_files
from tests.shop_logs import RUN_DATE
from tests.shop_model import Answers, Judged, answers, judge
from tests.shop_model.judged import KINDS
from tests.shop_model.orders import in_order


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    log = tmp_path_factory.mktemp("shop") / "a user's log"
    generate_log.main([str(log), "--events", "6000", "--users", "90", "--odd-records"])
    return log


@pytest.fixture(scope="module")
def work(log: Path) -> Path:
    work = log.parent / "a user's work"
    duckdb_work.main(str(log), str(work), str(generate_log.LAST_DAY))
    return work


@pytest.fixture(scope="module")
def judged(log: Path) -> Judged:
    def content(file: Path) -> bytes:
        return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()

    return judge(
        {kind: [content(file) for file in sorted((log / kind).iterdir())] for kind in KINDS}, generate_log.LAST_DAY
    )


def rejected(work: Path) -> dict[str, Counter[str]]:
    """The rejected records of a work by kind and reason."""
    rows = pq.read_table(work / "rejected.parquet", columns=["kind", "reason"]).to_pylist()
    return {kind: Counter(row["reason"] for row in rows if row["kind"] == kind) for kind in KINDS}


def texts(work: Path, expected: Answers) -> dict[str, str]:
    """The text of each answer's file."""
    return {name: (work / f"{name}.tsv").read_text() for name in expected.tables}


def test_files_of_the_answers_are_the_models(judged: Judged, work: Path) -> None:
    expected = answers(*judged.accepted.values(), generate_log.LAST_DAY, judged.warnings)
    assert texts(work, expected) == {name: expected.text(name) for name in expected.tables}


def test_work_has_all_records(judged: Judged, work: Path) -> None:
    assert rejected(work) == judged.reasons
    rows = {kind: pq.read_table(work / f"{kind}.parquet").num_rows for kind in KINDS}
    assert rows == {kind: len(accepted) for kind, accepted in judged.accepted.items()}


def test_work_keeps_no_sensitive_value(log: Path, work: Path) -> None:
    tables = [pq.read_table(file) for file in work.glob("*.parquet")]
    assert not {"search_query", "ip_address", "email"} & {name for table in tables for name in table.column_names}
    records = [json.loads(row) for row in pq.read_table(work / "rejected.parquet")["record"].to_pylist() if row]
    assert len(records) > 100
    assert not [record for record in records if {"search_query", "ip_address", "email"} & record.keys()]


def test_duplicate_is_kept_whole(work: Path) -> None:
    rows = pq.read_table(work / "rejected.parquet").to_pylist()
    records = [json.loads(row["record"]) for row in rows if (row["kind"], row["reason"]) == ("events", "duplicate")]
    (odd,) = (one for one in records if "odd" in one.get("page_url", ""))
    assert odd["page_url"].endswith(("odd?a=1", "odd#top"))


def test_generator_knows_what_was_found(log: Path, work: Path) -> None:
    checked = check(programs.of_duckdb(work), programs.known(log))
    assert checked["wrong"] == []


def has_ties(judged: Judged) -> bool:
    """Whether the rules do not say which PURCHASE of a transaction is the first, which its duplicates repeat."""
    bought = [event for event in judged.accepted["events"] if event.event_type == "PURCHASE"]
    return len({(event.transaction_id, in_order(event)) for event in bought}) < len(bought)


# No example is made smaller: each takes a second.
@given(files=shop_files(shops=3))
@settings(max_examples=5, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
def test_odd_logs_have_the_models_answers(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, list[bytes]]
) -> None:
    log = tmp_path_factory.mktemp("odd")
    for kind in KINDS:
        (log / kind).mkdir()
        for number, content in enumerate(files.get(kind) or [b""]):
            (log / kind / f"{number}.jsonl").write_bytes(content)
    judged = judge(files, RUN_DATE)
    assume(not has_ties(judged))
    expected = answers(*judged.accepted.values(), RUN_DATE, judged.warnings)
    duckdb_work.main(str(log), str(log / "work"), str(RUN_DATE))
    assert rejected(log / "work") == judged.reasons
    assert texts(log / "work", expected) == {name: expected.text(name) for name in expected.tables}
