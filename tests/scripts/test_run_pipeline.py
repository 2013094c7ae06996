"""What `make run` reads of its arguments before anything starts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from include.input_check import InputError
from scripts import run_pipeline
from scripts.run_pipeline import read_arguments, sample_log


def test_a_day_may_be_empty_where_the_deployment_loads_by_the_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "day.tsv").touch()
    for name, value in {"INPUT": tmp_path / "day.tsv", "LAKE": tmp_path / "lake", "RUN_DATE": "2009-05-05"}.items():
        monkeypatch.setenv(name, str(value))
    with pytest.raises(InputError, match="all of them empty"):
        read_arguments()
    monkeypatch.setenv("LASTFM_LOAD", "daily")
    assert read_arguments().parameters == {"input_path": str(tmp_path / "day.tsv")}


def test_a_sample_that_another_run_may_be_reading_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_pipeline, "SAMPLES", tmp_path)
    first = sample_log(date(2009, 5, 4))
    before = first.read_bytes(), first.stat().st_mtime_ns
    second = sample_log(date(2009, 5, 5))
    assert sample_log(date(2009, 5, 4)) == first != second
    assert (first.read_bytes(), first.stat().st_mtime_ns) == before
    assert b"2009-05-05T" in second.read_bytes()
    assert b"2009-05-05T" not in first.read_bytes()
