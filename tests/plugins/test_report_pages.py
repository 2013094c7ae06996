"""The pages in Airflow's UI, asked for as a browser does: who sees what, and what is said of which run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

from include.pages import app, run_dates
from include.report.listening.model import ListeningReport
from include.runs import records
from include.telemetry.live_counts import LiveCounts
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.logs.notes.contract import NOTES
from spark_jobs.logs.shop.contract import SHOP
from spark_jobs.shared.documents import write_record
from spark_jobs.shared.lake import Lake
from tests import reports
from tests.include.runs.test_daily_base import ran
from tests.plugins.airflow_app import Client, airflow_app
from tests.published import leave_record
from tests.reports import leave_report

DAG_ID = "listening"
MOUNTED = "/pipeline"
PAGES = f"{MOUNTED}/{DAG_ID}"
DAY = date(2009, 5, 5)
START, END = datetime(2026, 1, 2, 10, tzinfo=UTC), datetime(2026, 1, 2, 11, tzinfo=UTC)
SONG = {**reports.SONG, "artist_name": "AC & DC", "track_name": "<script>alert(1)</script>"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with airflow_app(tmp_path_factory.mktemp("pages")) as client:
        yield client


@pytest.fixture(autouse=True)
def _this_lake(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_LAKE", lake.root)


@pytest.fixture(autouse=True)
def _no_runs(client: Client) -> Iterator[None]:
    yield
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    with create_session() as session:
        session.execute(delete(DagRun))


def put_run(
    state: str, day: date = DAY, note: str | None = None, dag_id: str = DAG_ID, hour: int = 0, start: datetime = START
) -> str:
    """A DAG run of a date as Airflow has it in its database; returns its page."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    moment = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    run = DagRun(
        dag_id=dag_id,
        run_id=f"manual__{moment.isoformat()}",
        logical_date=moment,
        run_after=moment,
        run_type=DagRunType.MANUAL,
        triggered_by=DagRunTriggeredByType.UI,
        state=state,
        start_date=None if state == "queued" else start,
    )
    run.end_date = END if state in ("success", "failed") else None
    run.note = note
    page = f"{MOUNTED}/{dag_id}/dag_runs/{run.run_id.replace(':', '%3A').replace('+', '%2B')}"
    with create_session() as session:
        session.add(run)
    return page


def put_report(lake: Lake, day: date = DAY, made_at: datetime = START + timedelta(minutes=5), **facts: Any) -> None:
    known = {
        "made_at": made_at,
        "quality_score": 99.456,
        "top_songs": [SONG],
        "stage_seconds": {"data_quality": 60.4, "ranking": 12},
    }
    directory = leave_report(lake, day, **known | facts)
    (directory / "report.html").write_text(f"<!doctype html><title>The report of {day}</title>")


def put_result(lake: Lake, suite: str, met: int) -> str:
    """A checkpoint's result as Great Expectations keeps it; returns the path of its page below the lake."""
    place = f"{suite}/run date {DAY}/20260102T100000.000000Z/lake-{suite}"
    result = {
        "suite_name": suite,
        "meta": {"run_id": {"run_name": f"run date {DAY}", "run_time": "2026-01-02T10:00:00+00:00"}},
        "statistics": {"successful_expectations": met, "evaluated_expectations": 5},
    }
    for kind, text in (("results", json.dumps(result)), ("validations", "<!doctype html><title>Checked</title>")):
        file = lake.data_docs() / kind / f"{place}.{'json' if kind == 'results' else 'html'}"
        file.parent.mkdir(parents=True)
        file.write_text(text)
    return f"data_docs/validations/{place}.html".replace(" ", "%20")


def rows(text: str) -> list[list[str]]:
    """The cells of the table on a page, as their texts."""
    found = re.findall(r"<tr.*?>(.*?)</tr>", text, re.DOTALL)[1:]
    cells = [re.findall(r"<td.*?>(.*?)</td>", row, re.DOTALL) for row in found]
    return [[" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in row] for row in cells]


def said(text: str) -> list[str]:
    """Title and sentences of a page."""
    main = text.partition("<main>")[2].partition("</main>")[0]
    return [re.sub(r"<[^>]*>", "", part) for part in re.findall(r"<(?:h1|p)[^>]*>(.*?)</(?:h1|p)>", main, re.DOTALL)]


EVERY_KIND = [
    "run_dates",
    "dag_runs/manual",
    f"reports/run_date={DAY}/report.html",
    f"reports/run_date={DAY}/report.json",
    "data_docs/index.html",
    "data_docs/validations/a.html",
    "",
    "docs",
    "redoc",
    "openapi.json",
    "no/such/page",
]


@pytest.mark.parametrize("path", EVERY_KIND)
@pytest.mark.parametrize(("user", "status"), [(None, 401), ("nobody", 403)])
def test_pages_need_a_login_that_may_see_runs(
    client: Client, lake: Lake, path: str, user: str | None, status: int
) -> None:
    put_report(lake)
    for method in ("GET", "HEAD"):
        answer = client.get(f"{PAGES}/{path}", user, method)
        assert answer.status == status
        assert str(DAY) not in answer.text


@pytest.mark.parametrize("path", ["run_dates", "", "docs", "openapi.json", "../secret", "~/run_dates?dag_id=listening"])
@pytest.mark.parametrize(("user", "status"), [(None, 401), ("nobody", 403)])
def test_pages_of_no_log_need_a_login_too(client: Client, path: str, user: str | None, status: int) -> None:
    assert client.get(f"{MOUNTED}/{path}", user).status == status


@pytest.mark.parametrize("path", ["", "docs", "shop", "~/run_dates?dag_id=listening", "lake_maintenance/run_dates"])
def test_what_is_no_log_has_no_page(client: Client, path: str) -> None:
    assert client.get(f"{MOUNTED}/{path}").status == 404


def test_one_log_is_shown_at_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "with_a_dag", lambda: [LISTENING])
    answer = client.get(f"{MOUNTED}/run_dates")
    assert (answer.status, answer.headers["location"]) == (303, f"{PAGES}/run_dates")
    assert "All logs" not in client.get(f"{PAGES}/run_dates").text


def test_several_logs_show_their_newest_run_dates(client: Client, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "with_a_dag", lambda: [LISTENING, SHOP, NOTES])
    monkeypatch.setattr(records, "model_of", lambda log: ListeningReport)
    put_report(lake, DAY)
    put_report(lake, DAY + timedelta(days=1), verdict="degraded")
    put_report(Lake(lake.root, "shop"), DAY)
    text = client.get(f"{MOUNTED}/run_dates").text
    song = "&lt;script&gt;alert(1)&lt;/script&gt; AC &amp; DC"
    assert rows(text) == [
        ["listening", str(DAY + timedelta(days=1)), "degraded", song],
        ["shop", str(DAY), "good", ""],
        ["notes", "none yet"],
    ]
    assert f'href="{MOUNTED}/shop/run_dates"' in text
    assert f'href="{MOUNTED}/run_dates">All logs' in client.get(f"{PAGES}/run_dates").text


def test_each_log_has_its_own_pages(client: Client, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "model_of", lambda log: ListeningReport)
    put_report(lake)
    shop = Lake(lake.root, "shop")
    put_report(shop, DAY + timedelta(days=1))
    page = put_result(shop, "events", 5)
    assert [row[0] for row in rows(client.get(f"{PAGES}/run_dates").text)] == [str(DAY)]
    assert [row[0] for row in rows(client.get(f"{MOUNTED}/shop/run_dates").text)] == [str(DAY + timedelta(days=1))]
    assert client.get(f"{MOUNTED}/shop/{page}").status == 200
    assert client.get(f"{PAGES}/{page}").status == 404
    assert client.get(f"{PAGES}/reports/run_date={DAY + timedelta(days=1)}/report.html").status == 404


def test_role_sees_only_its_own_logs(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    real = SimpleAuthManager.is_authorized_dag

    def not_the_shop(self: Any, *, details: Any = None, **asked: Any) -> bool:
        return (details is None or details.id != "shop") and real(self, details=details, **asked)

    monkeypatch.setattr(SimpleAuthManager, "is_authorized_dag", not_the_shop)
    monkeypatch.setattr(app, "with_a_dag", lambda: [LISTENING, SHOP, NOTES])
    text = client.get(f"{MOUNTED}/run_dates").text
    assert [row[0] for row in rows(text)] == ["listening", "notes"]
    assert client.get(f"{MOUNTED}/shop/run_dates?dag_id=listening").status == 403
    assert client.get(f"{MOUNTED}/shop/reports/run_date={DAY}/report.html").status == 403
    assert client.get(f"{PAGES}/run_dates").status == 200


@pytest.mark.parametrize("user", ["ada", "vic"])
def test_admin_and_viewer_see_the_pages(client: Client, lake: Lake, user: str) -> None:
    put_report(lake)
    page = put_result(lake, "listens", 5)
    for path in ("run_dates", f"reports/run_date={DAY}/report.html", "data_docs/index.html", page):
        answer = client.get(f"{PAGES}/{path}", user)
        assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8"), path
        head = client.get(f"{PAGES}/{path}", user, "HEAD")
        assert (head.status, head.text) == (200, "")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", EVERY_KIND)
def test_nothing_can_be_changed(client: Client, path: str, method: str) -> None:
    assert client.get(f"{PAGES}/{path}", "ada", method).status == 405


@pytest.mark.parametrize("path", ["docs", "redoc", "openapi.json"])
def test_the_routes_are_not_described(client: Client, path: str) -> None:
    assert client.get(f"{PAGES}/{path}", "ada").status == 404


def test_responses_forbid_scripts_foreign_frames_and_caching(client: Client, lake: Lake) -> None:
    put_report(lake)
    for path, user in (
        ("run_dates", "vic"),
        (f"reports/run_date={DAY}/report.html", "vic"),
        ("gone", "vic"),
        ("run_dates", None),
    ):
        headers = client.get(f"{PAGES}/{path}", user).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy == {
            "default-src": "'none'",
            "style-src": "'self' 'unsafe-inline'",
            "img-src": "'self' data:",
            "font-src": "'self'",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'self'",
        }
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("reports/../runs/secret.json", id="up and down again"),
        pytest.param("reports/%2e%2e/runs/secret.json", id="dots encoded"),
        pytest.param("reports/..%2fruns%2fsecret.json", id="slashes encoded"),
        pytest.param("reports/%252e%252e/runs/secret.json", id="encoded twice"),
        pytest.param("../../secret.json", id="above the pages"),
        pytest.param("runs/secret.json", id="another part of the lake"),
        pytest.param("reports/{outside}", id="an absolute path"),
        pytest.param("{outside}", id="an absolute path alone"),
        pytest.param("reports/link.json", id="a link to a file outside"),
        pytest.param("data_docs/link/secret.json", id="a link to a directory outside"),
        pytest.param("reports/round", id="a link to itself"),
        pytest.param("reports/a%00.html", id="NUL"),
        pytest.param("reports/" + "a" * 300, id="a name too long"),
        pytest.param("reports/%ff", id="no UTF-8"),
        pytest.param(f"reports/run_date={DAY}", id="a directory"),
        pytest.param("reports_of_others/secret.json", id="a name that begins alike"),
        pytest.param(f"reports/run_date={DAY}/no.html", id="no such file"),
    ],
)
def test_files_outside_reports_and_data_docs_stay_hidden(client: Client, lake: Lake, tmp_path: Path, path: str) -> None:
    put_report(lake)
    root = Path(lake.root) / "listening"
    outside = tmp_path / "secret.json"
    for file in (outside, root / "runs" / "secret.json", root / "reports_of_others" / "secret.json"):
        file.parent.mkdir(exist_ok=True)
        file.write_text("a secret")
    (root / "reports" / "link.json").symlink_to(outside)
    (root / "reports" / "round").symlink_to("round")
    Path(lake.data_docs()).mkdir()
    (Path(lake.data_docs()) / "link").symlink_to(tmp_path)
    answer = client.get(f"{PAGES}/{path.format(outside=outside)}", "ada")
    assert answer.status == 404
    assert "secret" not in answer.text


def test_an_empty_lake_says_what_to_do(client: Client) -> None:
    text = client.get(f"{PAGES}/run_dates").text
    assert said(text) == [
        f"Run dates of {DAG_ID}",
        f"There is no run date yet. Trigger the DAG {DAG_ID}, or wait for its daily run: its answer will be here.",
    ]
    assert said(client.get(f"{PAGES}/data_docs/index.html").text)[1].startswith("There is no result yet")


def test_run_date_shows_its_report_in_one_row(client: Client, lake: Lake) -> None:
    put_report(lake)
    text = client.get(f"{PAGES}/run_dates").text
    song = "&lt;script&gt;alert(1)&lt;/script&gt; AC &amp; DC"
    assert rows(text) == [[str(DAY), "good", "99.46", song, "1 min 12 s"]]
    assert f'<a href="{PAGES}/reports/run_date={DAY}/report.html">{DAY}</a>' in text
    assert "<script" not in text


def test_run_dates_show_their_state_newest_first(client: Client, lake: Lake) -> None:
    days = {
        name: DAY + timedelta(days=number) for number, name in enumerate(["ok", "odd", "bad", "cut", "now", "wait"])
    }
    put_report(lake, days["ok"])
    put_report(
        lake, days["odd"], verdict="degraded", quality_score=93, top_songs=[], stage_seconds={"ranking": 3 * 3600 + 62}
    )
    leave_record(lake, "check_listens", days["bad"], {"critical": ["score: found <b>85</b>"]})
    leave_record(lake, "data_quality", days["cut"], {"quality_score": 99})
    put_run("success", days["ok"])
    put_run("running", days["now"])
    put_run("queued", days["wait"])
    assert rows(client.get(f"{PAGES}/run_dates").text) == [
        [str(days["wait"]), "under way", "", "", ""],
        [str(days["now"]), "under way", "", "", ""],
        [str(days["cut"]), "not finished", "", "", ""],
        [str(days["bad"]), "failed", "", "", ""],
        ["score: found &lt;b&gt;85&lt;/b&gt;"],
        [str(days["odd"]), "degraded", "93.00", "", "3 h 1 min"],
        [str(days["ok"]), "good", "99.46", "&lt;script&gt;alert(1)&lt;/script&gt; AC &amp; DC", "1 min 12 s"],
    ]


@pytest.mark.parametrize(("state", "shown"), [("failed", "failed"), ("running", "under way")])
def test_rerun_without_report_is_shown_beside_earlier_report(
    client: Client, lake: Lake, state: str, shown: str
) -> None:
    put_report(lake, made_at=START - timedelta(days=1))
    page = put_run(state)
    text = client.get(f"{PAGES}/run_dates").text
    row, because = rows(text)
    assert f'href="{page}"' in text
    assert (row[:3], because) == ([str(DAY), shown, "99.46"], ["The report is of an earlier run."])


def test_dates_made_from_replaced_listens_say_so(client: Client, lake: Lake) -> None:
    days = [DAY + timedelta(days=number) for number in range(3)]
    before = None
    for day in days:
        before = ran(lake, day, before)
        put_report(lake, day)
    ran(lake, DAY, None, "other.tsv")
    replaced_on = f"{datetime.now(UTC):%Y-%m-%d}"
    sentence = f"Made from listens of {DAY} that were replaced on {replaced_on}: run {days[1]} again, and the dates "
    sentence += "after it, in order."
    third, because_of_third, second, because_of_second, first = rows(client.get(f"{PAGES}/run_dates").text)
    assert [row[0] for row in (first, second, third)] == list(map(str, days))
    assert because_of_third == because_of_second == [sentence]


def test_run_dates_are_shown_without_a_catalog(client: Client, lake: Lake) -> None:
    ran(lake, DAY, None)
    put_report(lake)
    Path(lake.root, "catalog.db").write_bytes(b"no database")
    assert rows(client.get(f"{PAGES}/run_dates").text)[0][:2] == [str(DAY), "good"]


@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [
        pytest.param("failed", "success", "good", id="mended"),
        pytest.param("success", "failed", "failed", id="broken since"),
        pytest.param("failed", "queued", "under way", id="waits to be run again"),
    ],
)
@pytest.mark.parametrize("hours", [(0, 6), (6, 0)])
def test_latest_started_run_of_a_date_counts(
    client: Client, lake: Lake, first: str, second: str, shown: str, hours: tuple[int, int]
) -> None:
    again = START + timedelta(hours=2)
    put_run(first, hour=hours[0])
    put_run(second, hour=hours[1], start=again)
    put_report(lake, made_at=again + timedelta(minutes=5) if second == "success" else START)
    assert rows(client.get(f"{PAGES}/run_dates").text)[0][1] == shown


def test_successful_runs_in_other_lakes_are_not_listed(client: Client) -> None:
    put_run("success")
    assert "There is no run date yet" in client.get(f"{PAGES}/run_dates").text


def test_page_of_run_dates_reads_only_its_reports(client: Client, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[date] = []
    real = run_dates.read_report
    monkeypatch.setattr(run_dates, "read_report", lambda lake, day: read.append(day) or real(lake, day))
    for number in range(400):
        put_report(lake, DAY + timedelta(days=number))
    seen = []
    for page in range(1, 14):
        read.clear()
        text = client.get(f"{PAGES}/run_dates?page={page}").text
        shown = [row[0] for row in rows(text)]
        assert list(map(str, read)) == shown
        assert len(shown) <= run_dates.ROWS
        seen += shown
        assert (f"?page={page - 1}" in text, f"?page={page + 1}" in text) == (page > 1, page < 13)
    assert seen == [str(DAY + timedelta(days=number)) for number in reversed(range(400))]
    assert "Page 13 of 13" in client.get(f"{PAGES}/run_dates?page=99999999999999999999").text
    assert client.get(f"{PAGES}/run_dates?page=0").status == client.get(f"{PAGES}/run_dates?page=x").status == 422


def test_a_run_opens_the_report_it_made(client: Client, lake: Lake) -> None:
    put_report(lake)
    answer = client.get(put_run("success"))
    assert (answer.status, answer.headers["location"]) == (303, f"{PAGES}/reports/run_date={DAY}/report.html")
    assert "The report of 2009-05-05" in client.get(answer.headers["location"]).text


BEFORE, AFTER = START - timedelta(seconds=1), END + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("state", "made_at", "title", "reason"),
    [
        pytest.param("queued", None, "Under way", "The report of this run will be here", id="waits"),
        pytest.param("running", BEFORE, "Under way", "The report of this run will be here", id="runs again"),
        pytest.param("failed", None, "Failed", "Verdict: failed at ranking: why. Next: the last error", id="failed"),
        pytest.param("failed", BEFORE, "Failed", "Verdict: failed at ranking: why. Next: the last", id="failed again"),
        pytest.param("success", AFTER, "Answered anew", "A later run of this date has replaced", id="run again since"),
        pytest.param("success", BEFORE, "No report", "The run has ended, but this lake holds no", id="marked by hand"),
        pytest.param("success", None, "No report", "The run has ended, but this lake holds no", id="another lake"),
    ],
)
def test_run_without_report_says_why_and_links_another(
    client: Client, lake: Lake, state: str, made_at: datetime | None, title: str, reason: str
) -> None:
    if made_at:
        put_report(lake, made_at=made_at)
    answer = client.get(put_run(state, note="Called the label.\nVerdict: failed at ranking: why."))
    shown = said(answer.text)
    assert (answer.status, shown[:2]) == (200, [title, f"Run date {DAY}"])
    assert shown[2].startswith(reason)
    assert (f'href="{PAGES}/reports/run_date={DAY}/report.html"' in answer.text) == bool(made_at)


def test_page_of_a_run_under_way_says_what_is_done(client: Client, lake: Lake) -> None:
    at = START + timedelta(minutes=5)
    so_far = LiveCounts(stage="data_quality", at=at, records_read=7_000, accepted=4_000, rejected=2)
    write_record(lake.live_counts(DAY), so_far)
    words = "made. data_quality so far: 7,000 records read, 4,000 accepted, 2 rejected (10:05:00 UTC)."
    assert words in client.get(put_run("running")).text
    assert "so far" not in client.get(put_run("failed", hour=1)).text
    # What a run of before has left, whose machine was lost.
    assert "so far" not in client.get(put_run("running", hour=2, start=at + timedelta(seconds=1))).text


def test_page_shows_run_date_not_start_date(client: Client, lake: Lake) -> None:
    put_report(lake, START.date())
    assert "Run date 2009-05-05" in client.get(put_run("running")).text


def test_run_of_another_or_no_dag_gets_404(client: Client) -> None:
    other = client.get(put_run("success", dag_id="<b>other"))
    assert other.status == 404
    assert "Only the runs of a log's DAG make a report; &lt;b&gt;other is no log." in other.text.replace("&#39;", "'")
    gone = client.get(f"{PAGES}/dag_runs/a/b")
    assert (gone.status, f"Airflow knows no run a/b of {DAG_ID}." in gone.text) == (404, True)


def test_check_results_are_listed_with_their_pages(client: Client, lake: Lake) -> None:
    page = put_result(lake, "listens", 5)
    put_result(lake, "sessions", 3)
    pruned = put_result(lake, "volume", 3)
    (Path(lake.root) / "listening" / pruned.replace("%20", " ")).unlink()
    text = client.get(f"{PAGES}/data_docs/index.html").text
    assert sorted(rows(text)) == [
        [f"run date {DAY}", "listens", "all of 5", "2026-01-02 10:00"],
        [f"run date {DAY}", "sessions", "3 of 5", "2026-01-02 10:00"],
    ]
    assert f'href="{PAGES}/{page}"' in text
    assert "Checked" in client.get(f"{PAGES}/{page}").text


def test_the_ui_is_told_where_the_pages_go(client: Client) -> None:
    plugins = json.loads(client.get("/api/v2/plugins?limit=100", "ada").text)["plugins"]
    views = {view["name"]: view for plugin in plugins for view in plugin["external_views"]}
    assert {name: (view["destination"], view["href"]) for name, view in views.items()} == {
        "Run dates": ("nav", "pipeline/run_dates"),
        "Report": ("dag_run", "pipeline/{DAG_ID}/dag_runs/{RUN_ID}"),
    }


def test_loading_the_plugin_costs_a_task_nothing() -> None:
    load = "import sys, plugins.report_pages; assert not {'fastapi', 'include.pages.app'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", load], check=True)
