"""What Spark did for a task is kept beside its record, wherever Spark ran."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

from include.telemetry.connect_costs import costs_kept_of_session
from include.telemetry.event_logs import costs_kept

if TYPE_CHECKING:
    from include.deployment.spark_connect import ConnectSession
    from spark_jobs.shared.lake import Lake


@contextmanager
def stage_costs(
    stage: str, lake: Lake, run_date: date, connection: dict[str, Any], session: ConnectSession | None
) -> Iterator[dict[str, str]]:
    """Keep the costs of a task that ends well; lend the settings that this takes."""
    if session is None:
        with costs_kept(stage, lake, run_date, connection) as settings:
            yield settings
        return
    with costs_kept_of_session(stage, lake, run_date, session.ui, session.id):
        yield {}
