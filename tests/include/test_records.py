"""What a run leaves in small files: each is there whole, and several of them together."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spark_jobs.shared.documents import replace_files


def test_files_are_replaced_together_or_not_at_all(tmp_path: Path) -> None:
    replace_files(tmp_path, {"a": "before", "b": "before"})
    with pytest.raises(UnicodeEncodeError):
        replace_files(tmp_path, {"a": "after", "b": "after \ud800"})
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"a": "before", "b": "before"}


def test_of_files_that_were_stopped_half_way_the_last_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace_first(old: Path, new: Path) -> None:
        if new.name == "b":
            raise KeyboardInterrupt
        old.rename(new)

    replace_files(tmp_path, {"a": "before", "b": "before", "c": "before"})
    monkeypatch.setattr(os, "replace", replace_first)
    with pytest.raises(KeyboardInterrupt):
        replace_files(tmp_path, {"a": "after", "b": "after", "c": "after"})
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"a": "after", "b": "before"}
