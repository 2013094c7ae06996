"""The pages' routes: for people who may see the runs of a log's DAG, only to read, and without any script."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from mimetypes import guess_type
from pathlib import Path
from typing import Annotated, Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep, get_user, requires_access_dag
from airflow.models.dag import DagModel
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException as AnyHTTPException
from upath import UPath

from include.deployment.logs import is_of_a_log, with_a_dag
from include.deployment.run_date import run_date
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
    403: "Your role in Airflow may not see these runs. Ask whoever gives out the roles.",
}
NO_PAGE = "There is no such page, or no longer; of old results the Data Docs keep but the last."
TEMPLATES = Environment(
    loader=PackageLoader("include.pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)

app = FastAPI(
    # Of every route, and so of every path: the last route takes all that are left. The DAG is the `dag_id` of the path.
    dependencies=[Depends(get_user), Depends(requires_access_dag("GET", DagAccessEntity.RUN))],
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
def all_logs(request: Request, session: SessionDep, user: GetUserDep) -> Response:
    """The logs whose runs the user may see, each with its newest run date; where there is one, that log's page."""
    logs = [one.name for one in with_a_dag() if _may_see(one.name, user)]
    if len(logs) == 1:
        return RedirectResponse(f"{mounted_at(request)}/{logs[0]}/run_dates", 303)
    newest = {log: run_dates.page_of(settings().lake(log), last_runs(session, log), 1, size=1).rows for log in logs}
    return HTMLResponse(render("logs", request, newest=newest))


@app.api_route("/{dag_id}/run_dates", methods=READ)
def all_run_dates(
    request: Request, session: SessionDep, dag_id: str, page: Annotated[int, Query(ge=1)] = 1
) -> Response:
    """All run dates of a log, newest first."""
    shown = run_dates.page_of(_lake(dag_id), last_runs(session, dag_id), page)
    return HTMLResponse(render("run_dates", request, log=dag_id, **vars(shown)))


@app.api_route("/{dag_id}/dag_runs/{run_id:path}", methods=READ)
def report_of_run(request: Request, session: SessionDep, dag_id: str, run_id: str) -> Response:
    """The report that a DAG run has made, or why there is none."""
    lake, run = _lake(dag_id), find_run(session, dag_id, run_id)
    if run is None:
        raise HTTPException(404, f"Airflow knows no run {run_id} of {dag_id}.")
    day, said = run_date(run), said_of(lake, run)
    if said is None:
        return RedirectResponse(f"{mounted_at(request)}/{dag_id}/reports/run_date={day}/report.html", 303)
    facts = {"run_date": day, "has_report": run_dates.has_report(lake, day), "is_under_way": is_under_way(run)}
    return HTMLResponse(render("dag_run", request, log=dag_id, **said, **facts))


@app.api_route("/{dag_id}/data_docs/index.html", methods=READ)
def all_check_results(request: Request, dag_id: str) -> Response:
    """The results of all checks, in place of the Data Docs' own list, which only scripts from elsewhere would draw."""
    return HTMLResponse(render("check_results", request, log=dag_id, results=check_results.all_results(_lake(dag_id))))


@app.api_route("/{dag_id}/{path:path}", methods=READ)
def file_of_lake(dag_id: str, path: str) -> Response:
    """A file of the reports or the Data Docs, at the path it has in the lake, so that the links in it hold."""
    file = readable_file(_lake(dag_id), path)
    if file is None:
        raise HTTPException(404, NO_PAGE)
    if isinstance(file, Path):
        return FileResponse(file)
    return Response(file.read_bytes(), media_type=guess_type(path)[0])


@app.api_route("/{path:path}", methods=READ)
def no_page(path: str) -> Response:
    """All that is left."""
    raise HTTPException(404, NO_PAGE)


def _lake(dag_id: str) -> Lake:
    """Return the lake of the log whose DAG that is; raises HTTPException, 404, where it is no log's."""
    if not is_of_a_log(dag_id):
        raise HTTPException(404, f"Only the runs of a log's DAG make a report; {dag_id} is no log.")
    return settings().lake(dag_id)


def _may_see(dag_id: str, user: BaseUser) -> bool:
    details = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
    manager = get_auth_manager()
    return manager.is_authorized_dag(method="GET", access_entity=DagAccessEntity.RUN, details=details, user=user)


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


def render(template: str, request: Request, log: str | None = None, **facts: Any) -> str:
    """A page, of one log or of none; whatever the facts hold is shown as text."""
    mounted = mounted_at(request)
    places = {"mounted": mounted, "root": f"{mounted}/{log}", "log": log, "log_count": len(with_a_dag())}
    return TEMPLATES.get_template(f"{template}.html.j2").render(**places, **facts)
