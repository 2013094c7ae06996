"""The logs of `make run`: a file for each run, named by its run date and its start, and so many of them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

# A month of daily runs.
KEPT = 31
_NAME = re.compile(r"run-\d{4}-\d{2}-\d{2}-started-(\d{8}T\d{6}Z)\.log")


def log_of_new_run(directory: Path, run_date: date) -> Path:
    """Return where a run that starts now writes its log, and remove the oldest logs of runs: with it `KEPT` stay.

    A file of any other name stays.
    """
    directory.mkdir(parents=True, exist_ok=True)
    started = {file: match[1] for file in directory.iterdir() if (match := _NAME.fullmatch(file.name))}
    for file in sorted(started, key=lambda file: started[file])[: max(0, len(started) - KEPT + 1)]:
        file.unlink()
        of_spark(file).unlink(missing_ok=True)
    return directory / f"run-{run_date}-started-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.log"


def of_spark(log: Path) -> Path:
    """Return where the Spark of a run writes its log, beside that of the run."""
    return log.with_suffix(".spark.log")
