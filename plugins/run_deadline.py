"""From when a run's deadline counts. Registered with Airflow in plugins/run_notes.py."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk.definitions.deadline import BaseDeadlineReference

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class SinceQueued(BaseDeadlineReference):
    """The moment a run was queued: it may be for a day long gone, or have no date at all.

    Not Airflow's own `DAGRUN_QUEUED_AT`: with that, Airflow 3.3.2 answers 500 to clearing a task of a run that failed
    before its deadline (https://github.com/apache/airflow/pull/70370). A run that is cleared keeps its first deadline.
    """

    required_kwargs = {"dag_id", "run_id"}  # noqa: RUF012  (Airflow reads it as a plain set)

    def _evaluate_with(self, *, session: Session, **run: Any) -> datetime | None:
        from airflow.models.dagrun import DagRun
        from sqlalchemy import select

        return session.scalar(select(DagRun.queued_at).filter_by(**run))
