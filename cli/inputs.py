"""Which lake and which input a command means: those that were typed, or the clone's own and the sample."""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path

from typer import Option

from cli.environment import PROJECT
from cli.options import DEFAULT_LAKE, home, lake_at
from cli.terminal import console, plain, short
from spark_jobs.contract import LogContract
from spark_jobs.lake.errors import MovedLakeError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.paths import in_utf_8, is_object, path_of

INPUT = Option(
    "--input",
    metavar="PATH",
    parser=home,
    help="The log to read: a file, a directory or a glob; {run_date} in it stands for the run date.",
    show_default="a generated sample",
)
SAMPLES = PROJECT / ".build"
_OF_A_SAMPLE = re.compile(r"/\.build/sample-[a-z]+-\d{4}-\d\d-\d\d(\.\w+)?$")
_INPUT = re.compile(r'"input_path": "([^"]*)"')


def lake_of(root: str, log: str) -> Lake:
    """Return the lake that was typed, or the clone's own; where a moved clone has one of samples, that makes room."""
    lake = lake_at(root, log)
    if root == DEFAULT_LAKE and not lake.catalog.address and lake.catalog.is_there:
        try:
            with lake.catalog.open():
                pass
        except MovedLakeError as error:
            if not _is_of_samples(lake):
                raise
            aside = Path(lake.root).rename(f"{lake.root}.moved-{datetime.now(UTC):%Y%m%dT%H%M%S}")
            why = plain(str(error).partition(", where")[0])
            console.print(
                f"The sample's lake is made anew: {why}. The old one is now {plain(short(aside))}: remove it."
            )
    return lake


def _is_of_samples(lake: Lake) -> bool:
    """Do all documents of the lake tell of nothing but samples: of what is published, of its last tries, of reports?

    The list of the files to read alone is that of the last run of a date, which may have failed.
    """
    told = (file.read_text(encoding="utf-8") for file in lake.documents.glob("*/run_date=*/**/*.json"))
    paths = [path for text in told for path in _INPUT.findall(text)]
    return bool(paths) and all(_OF_A_SAMPLE.search(path) for path in paths)


def input_or_sample(path: str, lake: Lake, run_date: date) -> str:
    """Return the input's path; a sample is only made for a lake that can be written."""
    from include.runs import input_check

    if path:
        return absolute(path)
    input_check.check_lake(lake)
    return str(sample_log(lake.contract, run_date))


def absolute(path: str) -> str:
    """Return a path or file:// URI that was typed, absolute and as text that means the same bytes in every locale.

    An object's URI is there already. Raises InputError for the URI of another store.
    """
    where = path_of(path) if "://" in path else os.fsencode(path)
    return in_utf_8(where if is_object(where) else os.path.abspath(where))


def sample_log(contract: LogContract, run_date: date) -> Path:
    """Return the small log that is the input where none is given, up to the end of a day; generate it if need be.

    It is a file, or a directory for a log of several kinds of records. One that is there is left alone, for another
    run may be reading it. `include.sample_data.<log>` writes it.
    """
    # A few weeks at least: events before the first run date would be implausible.
    last_day = max(run_date, first_run_date(contract) + timedelta(weeks=4))
    ending = "" if contract.others else contract.format.endings[0]
    log = SAMPLES / f"sample-{contract.name}-{last_day}{ending}"
    if not log.exists():
        import_module(f"include.sample_data.{contract.name}").write_sample(log, last_day)
    return log


def first_run_date(contract: LogContract) -> date:
    """Return the first date that a run can be for: no event before it is plausible."""
    return contract.events.plausible.since if contract.events.plausible else date.min
