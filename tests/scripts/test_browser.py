"""A Chromium is found by any of its names, and where there is none a person is told what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.browser import main


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_chromium_is_found_by_any_known_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    main()
    assert capsys.readouterr().out == f"{tmp_path / name}\n"


def test_missing_browser_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == (
        "no chromium, chromium-browser, google-chrome, google-chrome-stable on the PATH; install one, on Debian with: "
        "apt-get install --yes --no-install-recommends chromium"
    )
