"""A run writes each small file whole, and several files together."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from include.runs.records import last_run
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.shared.documents import replace_files
from spark_jobs.shared.errors import MissingRecordError
from spark_jobs.shared.lake import Lake
from tests.logs import RUN_DATE
from tests.published import leave_record

STAGES = LISTENING.stages
# Each stage's own table may have a base, of another run.
MADE = ({"listens": 7}, {"sessions": 8}, {"top_songs": 9})
MADE_FROM = ({"listens": 1}, {"listens": 7, "sessions": 2}, {"listens": 7, "sessions": 8})


def test_files_are_replaced_together_or_not_at_all(tmp_path: Path) -> None:
    replace_files(tmp_path, {"a": "before", "b": "before"})
    with pytest.raises(UnicodeEncodeError):
        replace_files(tmp_path, {"a": "after", "b": "after \ud800"})
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"a": "before", "b": "before"}


def test_interrupted_replacement_never_leaves_the_last_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def replace_first(old: Path, new: Path) -> None:
        if new.name == "b":
            raise KeyboardInterrupt
        old.rename(new)

    replace_files(tmp_path, {"a": "before", "b": "before", "c": "before"})
    monkeypatch.setattr(os, "replace", replace_first)
    with pytest.raises(KeyboardInterrupt):
        replace_files(tmp_path, {"a": "after", "b": "after", "c": "after"})
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"a": "after", "b": "before"}


def test_last_run_holds_only_stages_that_match(lake: Lake) -> None:
    with pytest.raises(MissingRecordError, match="no run of 2009-05-04 in .* has written anything"):
        last_run(lake, RUN_DATE)
    for number, (stage, made, made_from) in enumerate(zip(STAGES, MADE, MADE_FROM, strict=True), start=1):
        leave_record(lake, stage, RUN_DATE, {"snapshots": made, "made_from": made_from})
        assert list(last_run(lake, RUN_DATE).records) == list(STAGES[:number])
    assert last_run(lake, RUN_DATE).snapshots == {"listens": 7, "sessions": 8, "top_songs": 9}

    # Cleared and run again, the ranking's turn has yet to come.
    leave_record(lake, STAGES[1], RUN_DATE, {"snapshots": {"sessions": 10}, "made_from": {"listens": 7, "sessions": 2}})
    again = last_run(lake, RUN_DATE)
    assert again.snapshots == {"listens": 7, "sessions": 10}
    assert "ranking of 2009-05-04 was made from the snapshot 8 of sessions, and the last is 10" in again.stopped
