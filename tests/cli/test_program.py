"""The command line as a person types it: what is listed, what is refused, and how fast."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from cli.__main__ import COMMANDS
from tests.conftest import PROJECT

# Each command with the least that it wants, but a lake.
ON_A_LAKE = {
    "query": ["--sql=SELECT 1"],
    "rejected": ["--run-date=2009-05-04"],
    "publish": ["--run-date=2009-05-04", "--reason=why"],
    "maintain": [],
    "unlock": ["--run-id=a run"],
}


def typed(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli", *words]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("words", [[], ["--help"]])
def test_help_lists_every_command(words: list[str]) -> None:
    done = typed(*words)
    listed = [line.split()[0] for line in done.stdout.partition("Commands:")[2].splitlines() if line[2:3].strip()]
    assert (done.returncode, listed) == (0, list(COMMANDS))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    done = typed(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: python -m cli {command} [OPTIONS]")
    assert ("--log" in done.stdout) == (command not in ("data", "env", "health"))


def test_help_of_run_shows_the_logs_parameters() -> None:
    said = " ".join(typed("run", "--help").stdout.split())
    assert "--top-songs NUMBER How many songs to name: 1 to 1000. [default: 10]" in said
    assert "--alternatives yes|no" in said
    assert "--window-days NUMBER|all" in said
    assert "[default: all]" in said


def refused(*words: str) -> str:
    """Return the one line with which a bad argument is refused."""
    done = typed(*words)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    return line


@pytest.mark.parametrize("command", COMMANDS)
def test_misspelt_option_is_refused_quickly(command: str) -> None:
    before = cpu_seconds()
    assert refused(command, "--helq") == (
        f"Error: No such option: --helq (Possible options: --help); see python -m cli {command} --help"
    )
    assert cpu_seconds() - before < 1.5


def cpu_seconds() -> float:
    """The seconds that the programs have computed which this process has started; a busy machine adds none."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_misspelt_command_gets_a_hint() -> None:
    assert "No such command 'qurey'. Did you mean 'query'?" in refused("qurey")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["run", "--log=shops"], "'--log': found 'shops', allowed is listening", id="log"),
        pytest.param(["run", "stray"], "Got unexpected extra argument(s) (stray)", id="no option"),
        pytest.param(["ui", "--port=http"], "'--port': ", id="a word"),
        pytest.param(["ui", "--port=0"], "'--port': Input should be greater than or equal to 1", id="small"),
        pytest.param(["history", "--port=65536"], "'--port': Input should be less than or equal to 65535", id="big"),
        pytest.param(
            ["query", "--sql=x", "--published=1"], "'--published': '1' is not one of 'yes', 'no'", id="choice"
        ),
    ],
)
def test_bad_value_is_refused_in_one_line(words: list[str], said: str) -> None:
    assert said in refused(*words)


@pytest.mark.parametrize("command", ON_A_LAKE)
def test_misspelt_lake_is_refused(command: str, tmp_path: Path) -> None:
    place = tmp_path / "laek"
    said = refused(command, *ON_A_LAKE[command], f"--lake={place}")
    assert f"'--lake': found {place}, which has no catalog.db; allowed is a lake that a run has made" in said
    assert not place.exists()


def test_tilde_is_the_home_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert "found /home/ann/lake, which has" in refused("maintain", "--lake=~/lake")
