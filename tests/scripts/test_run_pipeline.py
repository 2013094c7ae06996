"""What `make run` reads of its arguments before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.input_check import InputError
from scripts.run_pipeline import read_arguments


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
