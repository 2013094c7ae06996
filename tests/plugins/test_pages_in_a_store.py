"""The pages in Airflow's UI of a lake that lies in an object store."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from spark_jobs.shared.lake import Lake
from tests.object_store import BUCKET, ObjectStore
from tests.plugins.airflow_app import Client, airflow_app
from tests.plugins.test_report_pages import DAY, PAGES, put_report, put_result, rows
from tests.published import leave_record


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with airflow_app(tmp_path_factory.mktemp("pages")) as client:
        yield client


@pytest.fixture
def lake(object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """An empty lake in the store, whose tables no page looks into."""
    lake = Lake(f"s3://{BUCKET}/{uuid.uuid4().hex}/a lake", "listening")
    for name, value in object_store.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PIPELINE_CATALOG", "postgresql://lake@127.0.0.1:1/lake")
    monkeypatch.setenv("PIPELINE_LAKE", lake.root)
    return lake


def test_report_is_served_from_the_store(client: Client, lake: Lake) -> None:
    put_report(lake)

    page = client.get(f"{PAGES}/reports/run_date={DAY}/report.html")

    assert (page.status, page.text) == (200, f"<!doctype html><title>The report of {DAY}</title>")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_run_dates_of_the_store_are_listed(client: Client, lake: Lake) -> None:
    put_report(lake)

    (row,) = rows(client.get(f"{PAGES}/run_dates").text)

    assert str(DAY) in row[0]
    assert "good" in " ".join(row)


def test_check_results_of_the_store_are_listed(client: Client, lake: Lake) -> None:
    page = put_result(lake, "listens", 4)

    listed = client.get(f"{PAGES}/data_docs/index.html").text

    assert page.removeprefix("data_docs/") in listed
    assert client.get(f"{PAGES}/{page}").text == "<!doctype html><title>Checked</title>"


@pytest.mark.parametrize(
    "path",
    [
        "reports/../runs/run_date=2009-05-05/data_quality.json",
        "runs/run_date=2009-05-05/data_quality.json",
        "reports//run_date=2009-05-05/report.html",
        "reports/%2e%2e/%2e%2e/%2e%2e/planted",
        "reports/run_date=2009-05-05",
        "reports/none.html",
        "%2fetc%2fpasswd",
    ],
)
def test_other_objects_are_not_served(client: Client, lake: Lake, object_store: ObjectStore, path: str) -> None:
    put_report(lake)
    leave_record(lake, "data_quality", DAY, {})
    object_store.put("planted", b"planted")

    assert client.get(f"{PAGES}/{path}").status == 404


def test_local_files_are_not_served(client: Client, lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "planted").write_text("planted")

    assert client.get(f"{PAGES}/{tmp_path}/planted").status == 404
