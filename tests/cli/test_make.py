"""A command gets what is typed after make, unchanged, and only that."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from cli.__main__ import COMMANDS
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
    "value", ["a$HOME $(x) $$", "it's", 'a"b', "a b", "50%", "a#b", "a;b&c|d", "`id`", "a\\tb", "*"]
)
def test_make_passes_a_value_as_it_is(value: str) -> None:
    assert f"Invalid value for '--run-date': found {value!r}, allowed is" in make("publish", f"RUN_DATE={value}")


def test_make_refuses_a_line_break() -> None:
    assert "LAKE: found a line break, allowed is one line" in make("maintain", "LAKE=a\nb")


def test_exported_variable_reaches_no_command() -> None:
    assert "Missing option '--reason'" in make("publish", "RUN_DATE=2009-05-04", REASON="1")


def test_empty_value_is_none_and_the_last_holds() -> None:
    assert "Missing option '--sql'" in make("query", "SQL=")
    assert "found 'June', allowed is" in make("publish", "RUN_DATE=May", "RUN_DATE=June")


def test_odd_name_is_no_shell_command() -> None:
    assert "No such option: --a'b;id" in make("run", "A'b;id=1")


def test_make_passes_no_variable_of_its_own() -> None:
    assert "found /nowhere, which has no catalog.db" in make("maintain", "LAKE=/nowhere", "PYTHON=python3")


@pytest.mark.parametrize("variable", ["PYTHONSAFEPATH", "PYTHONHOME", "PYTHONPATH"])
def test_pythons_variables_change_no_command(variable: str, tmp_path: Path) -> None:
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli" / "__init__.py").write_text("raise SystemExit('another program')")
    said = make("maintain", "LAKE=/nowhere", **{variable: str(tmp_path)})
    assert "found /nowhere, which has no catalog.db" in said


def test_help_lists_every_target() -> None:
    done = subprocess.run(["make", "help"], cwd=PROJECT, capture_output=True, text=True, check=True)
    listed = dict(re.findall(r"^make ([a-z-]+) +(.+)$", done.stdout, re.M))
    targets = re.search(r"^\.PHONY: (.+?[^\\])$", (PROJECT / "Makefile").read_text(), re.M | re.S)
    assert targets
    assert listed.keys() == COMMANDS.keys() | (set(re.findall(r"[a-z][a-z-]+", targets[1])))
    assert {name: listed[name] for name in COMMANDS} == COMMANDS


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


@pytest.mark.parametrize("name", ["run", "ui"])
def test_home_that_cannot_be_made_gets_one_sentence(name: str, tmp_path: Path) -> None:
    (tmp_path / "log.tsv").write_text("u\t2009-05-04T12:00:00Z\t\ta\t\tt\n")
    given = {
        "INPUT": str(tmp_path / "log.tsv"),
        "LAKE": str(tmp_path / "lake"),
        "PIPELINE_AIRFLOW_HOME": "/proc/airflow",
    }
    command = started(f"cli {name}", **given)
    done = subprocess.run(**command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stdout.splitlines()), done.stderr) == (1, 1, "")
    assert " failed: /proc/airflow" in done.stdout
