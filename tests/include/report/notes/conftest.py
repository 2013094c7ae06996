"""A small log that most tests of the notes' report look at, and one with everything there can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.report.notes.model import NotesReport
from spark_jobs.shared.lake import Lake
from tests.include.report.notes.finished import finish, finish_tables, made
from tests.include.report.notes.made_up import made_up
from tests.notes_logs import NotesLog
from tests.notes_rows import ANN, BOB, HOUR, D, ago, at, load, on, people, user

ABROAD = {"country": "FR", "device_type": "tablet", "subscription_type": "basic"}
SCRIPT = "<script>alert(1)</script>"


def small_notes() -> NotesLog:
    """Ann on three of 15 days, Bob on the first one, and somebody whose name is no plain text."""
    interactions = [
        *on(ago(14), ANN, BOB, duration_ms=HOUR),
        *on(ago(7), ANN),
        *on(D, ANN, SCRIPT, duration_ms=1_500),
        load(250, at("13:00:00"), version="1.10.2"),
    ]
    return NotesLog(interactions, [user(ANN), user(BOB, country="FR", device_type="desktop")])


def everything() -> NotesLog:
    """A log in which every section has something: versions with all percentiles, a correlation, many power users."""
    interactions = [*small_notes().interactions]
    for place, name in enumerate(people(120)):
        interactions += [load(100 + place, at("10:00:00"), name), *on(ago(place % 40), name, duration_ms=1_000 + place)]
    users = [
        user(name, device_year=2005 + place % 9, **ABROAD if place < 20 else {})
        for place, name in enumerate(people(120))
    ]
    return NotesLog(interactions, users)


@pytest.fixture
def notes(tmp_path: Path) -> Lake:
    """An empty lake of the notes."""
    return Lake(str(tmp_path / "lake"), "notes")


@pytest.fixture
def nothing(notes: Lake) -> NotesReport:
    """The report of an empty log."""
    finish(notes)
    return made(notes)


def of_days(lake: Lake, days: int) -> NotesReport:
    """The report of a made-up log of so many days."""
    finish_tables(lake, made_up(days, D))
    return made(lake)
