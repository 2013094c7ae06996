"""The pages' routes: for people who may see the DAG's runs, only to read, and without any script."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from mimetypes import guess_type
from pathlib import Path
from typing import Annotated, Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import get_user, requires_access_dag
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException as AnyHTTPException
from upath import UPath

from include.deployment.run_date import DAG_ID, run_date
from include.deployment.settings import settings
from include.pages import check_results, run_dates
from include.pages.dag_runs import find_run, is_under_way, last_runs, said_of
from spark_jobs.shared.lake import Lake

HEADERS = {
    # The pages of Great Expectations ask for scripts and styles from elsewhere: they get none, and do without.
    "Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
READ = ["GET", "HEAD"]
# They are names in an object store; nothing of ours is called so.
NO_NAMES = {"", ".", ".."}
REFUSALS = {
    401: "You are not logged in, or no longer. Log in to Airflow, then come back.",
    403: f"Your role in Airflow may not see the runs of {DAG_ID}. Ask whoever gives out the roles.",
}
TEMPLATES = Environment(
    loader=PackageLoader("include.pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)

app = FastAPI(
    # Of every route, and so of every path: the last route takes all that are left.
    dependencies=[Depends(get_user), Depends(requires_access_dag("GET", DagAccessEntity.RUN, DAG_ID))],
    docs_url=None,
    redoc_url=None,
    openapi_url=None,
)


@app.middleware("http")
async def with_headers(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """Send our headers with every answer, refusals too."""
    response = await answer(request)
    response.headers.update(HEADERS)
    return response


@app.exception_handler(AnyHTTPException)
async def refuse(request: Request, error: AnyHTTPException) -> Response:
    """Say as a page why there is nothing to see: it is read in Airflow's frame."""
    reason = REFUSALS.get(error.status_code, error.detail)
    page = render("refusal", request, title="Nothing to see here", reason=reason)
    return HTMLResponse(page, error.status_code, error.headers)


@app.api_route("/run_dates", methods=READ)
def all_run_dates(request: Request, session: SessionDep, page: Annotated[int, Query(ge=1)] = 1) -> Response:
    """All run dates, newest first."""
    shown = run_dates.page_of(settings().lake(DAG_ID), last_runs(session), page)
    return HTMLResponse(render("run_dates", request, dag_id=DAG_ID, **vars(shown)))


@app.api_route("/dags/{dag_id}/runs/{run_id:path}", methods=READ)
def report_of_run(request: Request, session: SessionDep, dag_id: str, run_id: str) -> Response:
    """The report that a DAG run has made, or why there is none."""
    if dag_id != DAG_ID:
        raise HTTPException(404, f"Only the runs of {DAG_ID} make a report; this is a run of {dag_id}.")
    run = find_run(session, run_id)
    if run is None:
        raise HTTPException(404, f"Airflow knows no run {run_id} of {DAG_ID}.")
    lake, day = settings().lake(DAG_ID), run_date(run)
    said = said_of(lake, run)
    if said is None:
        return RedirectResponse(f"{mounted_at(request)}/reports/run_date={day}/report.html", 303)
    facts = {"run_date": day, "has_report": run_dates.has_report(lake, day), "is_under_way": is_under_way(run)}
    return HTMLResponse(render("dag_run", request, **said, **facts))


@app.api_route("/data_docs/index.html", methods=READ)
def all_check_results(request: Request) -> Response:
    """The results of all checks, in place of the Data Docs' own list, which only scripts from elsewhere would draw."""
    return HTMLResponse(render("check_results", request, results=check_results.all_results(settings().lake(DAG_ID))))


@app.api_route("/{path:path}", methods=READ)
def file_of_lake(path: str) -> Response:
    """A file of the reports or the Data Docs, at the path it has in the lake, so that the links in it hold."""
    file = readable_file(settings().lake(DAG_ID), path)
    if file is None:
        raise HTTPException(404, "There is no such page, or no longer; of old results the Data Docs keep but the last.")
    if isinstance(file, Path):
        return FileResponse(file)
    return Response(file.read_bytes(), media_type=guess_type(path)[0])


def readable_file(lake: Lake, path: str) -> UPath | None:
    """The file of a path in the lake, None unless it lies among the reports or the Data Docs, links resolved."""
    try:
        file = lake.documents / path
        folders = [run_dates.reports(lake), lake.data_docs()]
        if isinstance(file, Path):
            file, folders = file.resolve(), [folder.resolve() for folder in folders]
        elif NO_NAMES & set(path.split("/")):
            return None
        return file if any(folder in file.parents for folder in folders) and file.is_file() else None
    # A NUL, a loop of links, a name too long, a directory that may not be entered.
    except (ValueError, RuntimeError, OSError):
        return None


def mounted_at(request: Request) -> str:
    """The path below which our routes are, as the browser sees it."""
    return str(request.scope["root_path"])


def render(template: str, request: Request, **facts: Any) -> str:
    """A page; whatever the facts hold is shown as text."""
    return TEMPLATES.get_template(f"{template}.html.j2").render(root=mounted_at(request), **facts)
