"""The report of the run date before, which a log's own report compares itself with."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date
from typing import TypeVar

from include.report.model import ParameterValue, RunReport
from include.runs.records import previous_run_date
from spark_jobs.shared.documents import read_document
from spark_jobs.shared.errors import DataError
from spark_jobs.shared.lake import Lake

log = logging.getLogger(__name__)
R = TypeVar("R", bound=RunReport)


def report_before(lake: Lake, run_date: date, model: type[R]) -> R | None:
    """Return the report of the last earlier run date; None where there is none that can be read."""
    previous = previous_run_date(lake, run_date)
    if previous is None:
        return None
    try:
        return read_document(lake.report(previous) / "report.json", model, f"run {previous} again")
    except (DataError, OSError) as error:
        log.warning("no comparison with %s: %s", previous, error)
        return None


def other_parameters(
    then: RunReport, now: RunReport, names: Sequence[str]
) -> dict[str, tuple[ParameterValue, ParameterValue]]:
    """Return those of the named parameters that two reports differ in, as `(then, now)`."""
    before, after = then.parameters, now.parameters
    return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}
