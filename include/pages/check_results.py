"""The list of what the checkpoints have found, with the Data Docs' page of each result."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from upath import UPath

from spark_jobs.shared.lake import Lake


@dataclass(frozen=True)
class Result:
    """A suite's result (UTC): how many expectations were met, `of` how many; `page` is a path below `data_docs`."""

    run: str
    suite: str
    checked_at: datetime
    met: int
    of: int
    page: str


def all_results(lake: Lake) -> list[Result]:
    """Return the results that the Data Docs keep, newest first."""
    return sorted(_results(lake.data_docs()), key=lambda result: result.checked_at, reverse=True)


def _results(data_docs: UPath) -> Iterator[Result]:
    # results/<suite>/<run>/<time>/<batch>.json, as data_docs.py has it: to import that takes seconds.
    pages = {str(page) for page in data_docs.glob("validations/*/*/*/*.html")}
    for file in data_docs.glob("results/*/*/*/*.json"):
        page = data_docs.joinpath("validations", *file.parts[-4:]).with_suffix(".html")
        try:
            result = json.loads(file.read_bytes())
        except (OSError, ValueError):
            # A checkpoint of this moment removes old results and writes new ones.
            continue
        if str(page) in pages:
            run, counts = result["meta"]["run_id"], result["statistics"]
            yield Result(
                run=run["run_name"],
                suite=result["suite_name"],
                checked_at=datetime.fromisoformat(run["run_time"]),
                met=counts["successful_expectations"],
                of=counts["evaluated_expectations"],
                page="/".join(page.parts[-5:]),
            )
