"""A file with a secret is never made where git would take it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cli.secret_files import SecretFileError, refuse_where_git_takes
from tests.commands import started
from tests.conftest import PROJECT


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    repository = tmp_path / "somebody's repository"
    subprocess.run(["git", "init", "--quiet", str(repository)], check=True)
    (repository / ".gitignore").write_text("/kept-out/\n*.env\n")
    return repository


@pytest.mark.parametrize("name", ["production", "deep/down/production", ".env.production", "a.env.txt"])
def test_file_that_git_would_take_is_refused(repository: Path, name: str) -> None:
    with pytest.raises(SecretFileError, match="would hold secrets, and git would take it"):
        refuse_where_git_takes(repository / name)


@pytest.mark.parametrize("name", ["kept-out/production", "a.env", ".env", "../production"])
def test_file_that_git_ignores_is_allowed(repository: Path, name: str) -> None:
    refuse_where_git_takes(repository / name)


def test_link_into_a_repository_is_followed(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(repository)
    with pytest.raises(SecretFileError):
        refuse_where_git_takes(tmp_path / "link" / "production")


def test_tracked_file_is_refused_though_ignored(repository: Path) -> None:
    (repository / "a.env").touch()
    subprocess.run(["git", "-C", str(repository), "add", "--force", "a.env"], check=True)
    with pytest.raises(SecretFileError):
        refuse_where_git_takes(repository / "a.env")


def test_callers_git_variables_hide_nothing(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "elsewhere"))
    with pytest.raises(SecretFileError):
        refuse_where_git_takes(repository / "production")


def test_without_git_only_our_own_places_are_allowed(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    refuse_where_git_takes(PROJECT / ".env")
    refuse_where_git_takes(PROJECT / ".airflow" / "ui" / "ui-passwords.json")
    with pytest.raises(SecretFileError):
        refuse_where_git_takes(repository / "a.env")


def listed(repository: Path) -> list[str]:
    return sorted(path.name for path in repository.iterdir())


@pytest.mark.parametrize("command", ["cli env", "cli run", "cli ui", "benchmarks.compare"])
def test_no_command_writes_a_secret_into_a_repository(command: str, repository: Path) -> None:
    of_airflow = {"PIPELINE_AIRFLOW_HOME": str(repository / "airflow")}
    given = {"cli env": {"ENV": str(repository / "production")}}.get(command, of_airflow)
    before = listed(repository)
    done = subprocess.run(
        **started(command, **given), cwd=PROJECT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "would hold secrets, and git would take it" in done.stdout + done.stderr
    assert listed(repository) == before
