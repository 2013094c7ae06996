from __future__ import annotations

from pathlib import Path

import pytest

from include.settings import PROJECT, settings


def test_without_an_environment_everything_lies_in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LASTFM_LAKE", "LASTFM_INPUT_ROOT", "LASTFM_INPUT_PATH"):
        monkeypatch.delenv(name, raising=False)
    found = settings()
    assert (found.lake.root, found.input_root) == (str(PROJECT / "lake"), PROJECT / "input")
    assert found.input_path == "userid-timestamp-artid-artname-traid-traname.tsv"


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LASTFM_LAKE", "/srv/lake")
    monkeypatch.setenv("LASTFM_INPUT_ROOT", "/srv/logs")
    monkeypatch.setenv("LASTFM_INPUT_PATH", "{run_date}.tsv.gz")
    found = settings()
    assert (found.lake.root, found.input_root, found.input_path) == (
        "/srv/lake",
        Path("/srv/logs"),
        "{run_date}.tsv.gz",
    )


@pytest.mark.parametrize("lake", ["lake", "s3a://bucket/lake"])
def test_a_lake_that_is_no_absolute_path_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, lake: str) -> None:
    monkeypatch.setenv("LASTFM_LAKE", lake)
    with pytest.raises(ValueError, match=f"LASTFM_LAKE: found '{lake}', allowed is the absolute path of a directory"):
        settings()
