"""The clone's own lake after the clone was moved: that of samples makes room, and nobody else's is touched."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from cli import inputs
from cli.inputs import lake_of, sample_log
from spark_jobs.lake.errors import MovedLakeError
from spark_jobs.logs.shop.contract import SHOP
from spark_jobs.ranking.tables import TOP_SONGS as ANSWER
from spark_jobs.shared.documents import write_record
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import InputListing
from tests.published import keep_publication, leave_record, write_tables

DAY = date(2009, 5, 4)


SAMPLE = "/old/.build/sample-listening-2009-05-04.tsv"
SAMPLE_DIRECTORY = "/old/.build/sample-shop-2009-05-04"
Move = Callable[..., Path]


@pytest.fixture
def move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Move:
    def move(*inputs: str, published: str = "") -> Path:
        """Run some inputs in a clone, of which the first may have been published from another, and move that clone."""
        lake = Lake(str(tmp_path / "clone" / "lake"), "listening")
        write_tables(lake, DAY, {ANSWER.name: []})
        for number, path in enumerate(inputs, start=1):
            listing = InputListing(input_path=path, files=(), left_out=())
            write_record(lake.input_listing(date(2009, 5, number)), listing)
        if published:
            leave_record(lake, "data_quality", date(2009, 5, 1), {"parameters": {"input_path": published}})
            keep_publication(lake, date(2009, 5, 1), {ANSWER.name: 7}, "a run")
        moved = (tmp_path / "clone").rename(tmp_path / "moved")
        (moved / "lake" / "notes.txt").touch()
        monkeypatch.chdir(moved)
        return moved / "lake"

    return move


@pytest.mark.parametrize("sample", [SAMPLE, SAMPLE_DIRECTORY])
def test_lake_of_samples_makes_room(move: Move, capsys: pytest.CaptureFixture[str], sample: str) -> None:
    root = move(sample, sample.replace("04", "05"), published=sample)
    with lake_of("lake", "listening").catalog.open() as catalog:
        assert catalog.list_namespaces() == []
    assert sorted(path.name for path in root.iterdir()) == ["catalog.db"]
    (aside,) = root.parent.glob("lake.moved-*")
    assert {"notes.txt", "warehouse", "listening", "catalog.db"} <= {path.name for path in aside.iterdir()}
    assert f"The old one is now {aside.name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("inputs", "published"),
    [
        pytest.param((SAMPLE, "/data/log.tsv"), "", id="a log of somebody's"),
        pytest.param((SAMPLE,), "/data/log.tsv", id="a sample run that failed after a log of somebody's"),
        pytest.param((), "", id="no input known"),
    ],
)
def test_lake_of_other_logs_is_refused(move: Move, inputs: tuple[str, ...], published: str) -> None:
    root = move(*inputs, published=published)
    with pytest.raises(MovedLakeError, match="move it back to"):
        lake_of("lake", "listening")
    assert (root / "warehouse").is_dir()


def test_typed_lake_is_left_alone(move: Move) -> None:
    root = move(SAMPLE)
    assert lake_of(str(root), "listening").root == str(root)
    assert (root / "warehouse").is_dir()


def test_lake_with_another_catalog_is_left_alone(move: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    root = move(SAMPLE)
    monkeypatch.setenv("PIPELINE_CATALOG", "postgresql://lake@127.0.0.1:1/lake")
    assert lake_of("lake", "listening").root == str(root)
    assert (root / "warehouse").is_dir()


def test_sample_of_several_kinds_is_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "SAMPLES", tmp_path)
    sample = sample_log(SHOP, date(2026, 11, 20))
    assert sample == tmp_path / "sample-shop-2026-11-20"
    assert {path.name for path in sample.iterdir()} == {kind.name for kind in SHOP.kinds}
    assert sample_log(SHOP, date(2026, 11, 20)) == sample
