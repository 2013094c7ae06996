"""How long a stage took, as the person who waits for it counts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from include.telemetry.metrics import DURATION, Measurement, send

if TYPE_CHECKING:
    from airflow.sdk import Context

XCOM_KEY = "seconds"


@contextmanager
def stage_clock(context: Context) -> Iterator[None]:
    """Leave the wall seconds of a task's work, JVM start included, for the report, and send them as a metric."""
    started = time.monotonic()
    yield
    seconds = round(time.monotonic() - started, 1)
    context["ti"].xcom_push(key=XCOM_KEY, value=seconds)
    send([Measurement(DURATION, seconds, {"stage": context["ti"].task_id})], context["ti"].dag_id)
