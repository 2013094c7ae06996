"""The plugin that puts our pages into Airflow's UI: all run dates in the navigation, a run's report at its DAG run."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from airflow.plugins_manager import AirflowPlugin

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "/pipeline"


async def pages(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request of the API server."""
    await _app()(scope, receive, send)


@cache
def _app() -> ASGIApp:
    # Not when the plugin is loaded: each task loads it, and FastAPI would cost every one of them half a second.
    from include.pages.app import app

    return app


class ReportPages(AirflowPlugin):
    """Mounts the pages, and has the UI show them in its frame."""

    name = "report_pages"
    fastapi_apps: list[Any] = [{"name": name, "app": pages, "url_prefix": PREFIX}]  # noqa: RUF012
    # Relative: the UI may live below a prefix of its own. `url_route` is what shows a page inside the frame.
    external_views = [  # noqa: RUF012
        {
            "name": "Run dates",
            "href": f"{PREFIX.removeprefix('/')}/run_dates",
            "destination": "nav",
            "url_route": "run_dates",
        },
        {
            "name": "Report",
            "href": f"{PREFIX.removeprefix('/')}/{{DAG_ID}}/dag_runs/{{RUN_ID}}",
            "destination": "dag_run",
            "url_route": "report",
        },
    ]
