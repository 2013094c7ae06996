"""A command gets the words typed after make, unchanged, and only those."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from cli.arguments import ArgumentError, read
from tests.commands import started
from tests.conftest import PROJECT


def make(*words: str, **exported: str) -> str:
    """Run a target that ends before it does anything, and return what it says."""
    # The installation is that of the tests, however old its mark is.
    command = ["make", "--old-file=.venv/runtime", *words]
    done = subprocess.run(
        command, cwd=PROJECT, env={**os.environ, **exported}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "name", ["a$HOME $(x) $$", "it's", 'a"b', "a b", "50%", "a#b", "a;b&c|d", "`id`", "a\\tb", "*"]
)
def test_make_passes_a_value_as_it_is(name: str) -> None:
    assert f"RUN_DATE: found {name!r}, allowed is" in make("publish", f"RUN_DATE={name}")


def test_make_refuses_a_line_break() -> None:
    assert "LAKE: found a line break, allowed is one line" in make("maintain", "LAKE=a\nb")


def test_exported_variable_is_left_aside() -> None:
    said = make("publish", "RUN_DATE=May", RUN_DATE="2009-05-04", REASON="1")
    assert "Left aside: REASON from the environment; say it after make: make publish REASON=..." in said
    assert "RUN_DATE: found 'May', allowed is" in said


def test_make_passes_no_variable_of_its_own() -> None:
    assert "LAKE: found /nowhere, which has no catalog.db" in make("maintain", "LAKE=/nowhere", "PYTHON=python3")


@pytest.mark.parametrize("variable", ["PYTHONSAFEPATH", "PYTHONHOME", "PYTHONPATH"])
def test_pythons_variables_change_no_command(variable: str, tmp_path: Path) -> None:
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli" / "__init__.py").write_text("raise SystemExit('another program')")
    said = make("maintain", "LAKE=/nowhere", **{variable: str(tmp_path)})
    assert "LAKE: found /nowhere, which has no catalog.db" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may be somebody else")
@pytest.mark.parametrize(("installed", "said"), [(False, "may not write to"), (True, "may not run the Python of")])
def test_clone_of_another_user_is_refused(installed: bool, said: str) -> None:
    with tempfile.TemporaryDirectory() as clone:
        Path(clone).chmod(0o755)
        for name in ("Makefile", "requirements.txt"):
            shutil.copy(PROJECT / name, clone)
        if installed:
            (Path(clone) / ".venv").mkdir()
            (Path(clone) / ".venv" / "runtime").touch()
        done = subprocess.run(
            ["make", "run"],
            cwd=clone,
            capture_output=True,
            text=True,
            check=False,
            user=65534,
            group=65534,
            extra_groups=[],
        )
        assert done.returncode == 2
        assert f"{said} {clone}: clone the project into a directory of that user's own" in done.stdout
        assert list(Path(clone).glob("*lake*")) == []


@pytest.mark.parametrize("module", ["run_pipeline", "ui"])
def test_home_that_cannot_be_made_gets_one_sentence(module: str, tmp_path: Path) -> None:
    (tmp_path / "log.tsv").write_text("u\t2009-05-04T12:00:00Z\t\ta\t\tt\n")
    given = {
        "INPUT": str(tmp_path / "log.tsv"),
        "LAKE": str(tmp_path / "lake"),
        "PIPELINE_AIRFLOW_HOME": "/proc/airflow",
    }
    command = started(f"cli.{module}", **given)
    done = subprocess.run(**command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stdout.splitlines()), done.stderr) == (1, 1, "")
    assert " failed: /proc/airflow" in done.stdout


def test_unknown_name_is_refused_with_a_hint() -> None:
    with pytest.raises(ArgumentError, match="found INPT=a, allowed are KEEP, INPUT; did you mean INPUT"):
        read("run", "KEEP", paths=("INPUT",), words=["INPT=a"])


def test_tilde_is_home_in_paths_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    given = read("run", "REASON", paths=("LAKE", "INPUT"), words=["LAKE=~/lake", "REASON=~", "INPUT=./~/a~b"])
    assert given == {"LAKE": "/home/ann/lake", "REASON": "~", "INPUT": "./~/a~b"}


def test_empty_value_is_none_and_the_last_holds() -> None:
    assert read("run", "A", "B", words=["A=", "B=1", "B=2=3"]) == {"B": "2=3"}


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["cli.query", "SQL=SELECT 1"], id="query"),
        pytest.param(["cli.rejected", "RUN_DATE=2009-05-04"], id="rejected"),
        pytest.param(["cli.publish", "RUN_DATE=2009-05-04", "REASON=why"], id="publish"),
        pytest.param(["cli.maintain"], id="maintain"),
        pytest.param(["cli.unlock", "RUN_ID=a run"], id="unlock"),
    ],
)
def test_misspelt_lake_is_refused(command: list[str], tmp_path: Path) -> None:
    place = tmp_path / "laek"
    done = subprocess.run(
        [sys.executable, "-m", *command, f"LAKE={place}"], cwd=PROJECT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert f"found {place}, which has no catalog.db" in " ".join((done.stdout + done.stderr).split())
    assert not place.exists()
