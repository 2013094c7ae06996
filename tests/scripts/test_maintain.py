"""`make maintain`: dates beyond those that are kept go, and the others stay."""

from __future__ import annotations

import subprocess
from datetime import date

from spark_jobs.lake.listening import ANSWER, LISTENS
from spark_jobs.lake.published import run_dates
from spark_jobs.shared.lake import LOG, Lake
from tests.commands import started
from tests.conftest import PROJECT
from tests.published import publish_tables, write_tables

DAYS = [date(2009, 5, day) for day in (1, 2, 3)]


def test_newest_dates_stay(lake: Lake) -> None:
    for day in DAYS:
        publish_tables(lake, day, write_tables(lake, day, {LISTENS.name: [], ANSWER.name: []}))
    command = started("scripts.maintain", LAKE=lake.root, LASTFM_KEPT_RUN_DATES="2")
    done = subprocess.run(**command, cwd=PROJECT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "run dates removed: ['2009-05-01']" in done.stdout
    with lake.catalog.open() as catalog:
        assert run_dates(catalog, LOG, ANSWER.name) == DAYS[1:]
