"""The clone's own lake after the clone was moved: the sample's is made anew, and nobody else's is touched."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from scripts.inputs import lake_of
from spark_jobs.lake.errors import MovedLakeError
from spark_jobs.lake.listening import ANSWER
from spark_jobs.shared.documents import replace_file
from spark_jobs.shared.lake import Lake
from tests.published import write_tables

DAY = date(2009, 5, 4)


@pytest.fixture
def move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    def move(*inputs: str) -> Path:
        """Run some inputs in a clone, move that, and be in it."""
        lake = Lake(str(tmp_path / "clone" / "lake"))
        write_tables(lake, DAY, {ANSWER.name: []})
        for number, path in enumerate(inputs, start=1):
            listing = Path(lake.input_listing(date(2009, 5, number)))
            replace_file(listing, f'{{"input_path": "{path}"}}')
        moved = (tmp_path / "clone").rename(tmp_path / "moved")
        (moved / "lake" / "notes.txt").touch()
        monkeypatch.chdir(moved)
        return moved / "lake"

    return move


def test_lake_of_samples_is_made_anew(move: object) -> None:
    root = move("/old/.build/sample-log-2009-05-04.tsv", "/old/.build/sample-log-2009-05-05.tsv")
    with lake_of({}).catalog.open() as catalog:
        assert catalog.list_namespaces() == []
    assert sorted(path.name for path in root.iterdir()) == ["catalog.db", "notes.txt"]


@pytest.mark.parametrize(
    "inputs",
    [
        pytest.param(("/old/.build/sample-log-2009-05-04.tsv", "/data/log.tsv"), id="a log of somebody's"),
        pytest.param((), id="no input known"),
    ],
)
def test_lake_of_other_logs_is_refused(move: object, inputs: tuple[str, ...]) -> None:
    root = move(*inputs)
    with pytest.raises(MovedLakeError, match="move it back to"):
        lake_of({})
    assert (root / "warehouse").is_dir()


def test_typed_lake_is_left_alone(move: object) -> None:
    root = move("/old/.build/sample-log-2009-05-04.tsv")
    assert lake_of({"LAKE": str(root)}).root == str(root)
    assert (root / "warehouse").is_dir()
