"""The terminal shows the notes' active users and main numbers at the end of a run."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from upath import UPath

from cli.answers.notes import show
from spark_jobs.shared.lake import Lake
from tests.include.report.notes.conftest import small_notes
from tests.include.report.notes.finished import finish, leave_facts
from tests.notes_rows import D


def test_active_users_and_main_numbers_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notes, log = Lake(str(tmp_path / "lake"), "notes"), small_notes()
    for run_date in (D - timedelta(days=1), D):
        finish(notes, log.interactions, log.users, run_date)
        file = leave_facts(notes, run_date)
    report = show(UPath(file))
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "Active users"
    assert [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if "Fri 10 May" in line] == [
        ["Fri 10 May 2024", "2", "2", "3", "66.7%", "1", "2"]
    ]
    start = lines.index("Daily active users: 2, +2")
    assert lines[start + 1 : start + 5] == [
        "Active in 7 days: 2, +1 (+100.0%)",
        "Active in 28 days: 3, +1 (+50.0%)",
        "Stickiness: 66.7%, +66.7 points",
        "Quality score 99.50: of 10 records 10 kept, 0 rejected; 6 sessions of 3 users",
    ]
    assert [line.partition(" standard")[0] for line in lines[start + 5 :]] == [
        "Unusual: Daily active users on 10 May 2024: 2, 3.1",
        "Unusual: Sessions on 10 May 2024: 3, 4.8",
    ]
    assert report.summary.dau == 2
