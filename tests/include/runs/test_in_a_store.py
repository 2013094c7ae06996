"""A lake in an object store keeps a run's documents there, too."""

from __future__ import annotations

import json
import uuid
from datetime import date
from pathlib import Path

import pytest

from include.expectations.data_docs import on_disk
from include.runs.input_check import absolute
from include.telemetry.event_logs import DIRECTORY, costs_kept
from spark_jobs.shared.documents import replace_files
from spark_jobs.shared.errors import InputError
from spark_jobs.shared.input_files import list_files
from spark_jobs.shared.lake import Lake
from tests.object_store import BUCKET, ObjectStore

RUN_DATE = date(2009, 5, 4)


@pytest.fixture
def lake(object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """An empty lake in the store, whose catalog answers nobody."""
    for name, value in object_store.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PIPELINE_CATALOG", "postgresql://lake@127.0.0.1:1/lake")
    return Lake(f"s3://{BUCKET}/{uuid.uuid4().hex}", "listening")


def test_relative_input_is_below_its_root(lake: Lake, object_store: ObjectStore) -> None:
    root = object_store.put("people/2009-05-04/users.tsv", b"a").removesuffix("/2009-05-04/users.tsv")

    found = absolute("{run_date}/users.tsv", root, RUN_DATE)

    assert found == f"{root}/2009-05-04/users.tsv"
    assert [file.name for file in list_files(found, root).files] == [found]
    with pytest.raises(InputError, match=f"is outside {root}/2009-05-05"):
        list_files(found, f"{root}/2009-05-05")


def test_documents_replace_those_before(lake: Lake) -> None:
    report = lake.report(RUN_DATE)

    replace_files(report, {"a.tsv": "ä\r\n", "report.json": "1"})
    replace_files(report, {"a.tsv": "b\n", "report.json": "2"})

    assert {file.name: file.read_bytes() for file in report.iterdir()} == {"a.tsv": b"b\n", "report.json": b"2"}


def test_last_document_is_gone_when_another_fails(lake: Lake) -> None:
    report = lake.report(RUN_DATE)
    replace_files(report, {"a.tsv": "a", "report.json": "1"})

    with pytest.raises(UnicodeEncodeError):
        replace_files(report, {"a.tsv": "\udcff", "report.json": "2"})

    assert not (report / "report.json").exists()


def test_data_docs_bring_back_only_changes(lake: Lake, object_store: ObjectStore) -> None:
    place = lake.data_docs()
    for name in ("results/old.json", "results/kept.json", "index.html"):
        (place / name).write_text("before")
    kept = (place / "results/kept.json").stat().st_mtime

    with on_disk(place) as site:
        assert sorted(str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()) == [
            "index.html",
            "results/kept.json",
            "results/old.json",
        ]
        (site / "results/old.json").unlink()
        (site / "results/new.json").write_text("new")
        (site / "index.html").write_text("after it")

    below = str(place).removeprefix(f"s3://{BUCKET}/")
    found = {name.removeprefix(f"{below}/"): object_store.get(name) for name in object_store.names(below)}
    assert found == {"index.html": b"after it", "results/kept.json": b"before", "results/new.json": b"new"}
    assert (place / "results/kept.json").stat().st_mtime == kept
    assert not site.exists()


def test_data_docs_begin_empty(lake: Lake) -> None:
    with on_disk(lake.data_docs()) as site:
        (site / "index.html").write_text("first")

    assert (lake.data_docs() / "index.html").read_text() == "first"


def test_event_log_goes_when_its_counts_are_kept(lake: Lake) -> None:
    with costs_kept("ranking", lake, RUN_DATE, {}) as settings:
        directory = Path(settings[DIRECTORY].removeprefix("file://"))
        assert directory.is_dir()

    assert not directory.exists()
    assert not lake.spark_events().exists()


def test_records_are_listed_as_on_a_disk(lake: Lake) -> None:
    for stage in ("data_quality", "ranking"):
        replace_files(lake.stage_record(stage, RUN_DATE).parent, {f"{stage}.json": json.dumps({})})

    records = lake.stage_record("ranking", RUN_DATE).parent
    assert sorted(file.stem for file in records.glob("*.json")) == ["data_quality", "ranking"]
    assert [folder.name for folder in records.parent.glob("run_date=*")] == [f"run_date={RUN_DATE}"]
