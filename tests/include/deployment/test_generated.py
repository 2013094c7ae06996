"""What files repeat of contracts and settings is what these say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from include.deployment import generated
from spark_jobs.logs.listening.contract import LISTENING, LISTENS
from spark_jobs.logs.shop.contract import SHOP
from tests.conftest import PROJECT


@pytest.mark.parametrize("name", generated.FILES)
def test_file_says_what_contracts_and_settings_say(name: str) -> None:
    text = (PROJECT / name).read_text(encoding="utf-8")
    assert "generated: " in text
    assert generated.written(text) == text


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in generated.FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    return tmp_path


def test_changed_block_is_named_and_mended(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = project / "docs" / "data_quality.md"
    before = page.read_text()
    page.write_text(before.replace(f"| {LISTENS.reasons[0].sentence} |", "| Another sentence. |"))
    monkeypatch.setattr("sys.argv", ["generated", "--check"])
    with pytest.raises(SystemExit, match=r"settings say: docs/data_quality.md; write them anew"):
        generated.main(project)

    monkeypatch.setattr("sys.argv", ["generated"])
    generated.main(project)
    assert page.read_text() == before
    monkeypatch.setattr("sys.argv", ["generated", "--check"])
    generated.main(project)


def test_empty_block_is_filled() -> None:
    text = "a\n# generated: example (note)\n# end of what is generated\nz\n"
    filled = generated.written(text)
    assert filled.startswith("a\n# generated: example (note)\n# Published run dates")
    assert "\n#PIPELINE_LISTENING_LOAD=full\n" in filled
    assert filled.endswith("NOTES_MAXIMUM_DAU_CHANGE_PERCENT=50\n# end of what is generated\nz\n")
    assert generated.written(filled) == filled


def test_log_without_a_dag_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generated, "with_a_dag", lambda: [LISTENING, SHOP])
    assert "PIPELINE_NOTES_LOAD" not in generated.settings_of_runs()
    assert not any("`notes." in line for line in generated.reasons())


def test_no_default_is_shown_as_no_value() -> None:
    assert "#PIPELINE_LISTENING_WINDOW_DAYS=" in list(generated.example())
