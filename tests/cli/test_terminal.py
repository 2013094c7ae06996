"""The terminal shows text from outside safely."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from cli.terminal import console, plain, sentence
from tests.conftest import PROJECT


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[bold]Song[/]", "[bold]Song[/]"),
        ("a\x1b[2J\x1b]0;title\x07b", r"a\x1b[2J\x1b]0;title\x07b"),
        ("\x9b2J", r"\x9b2J"),
        ("a\rb", r"a\x0db"),
        ("坂本龍一\n don\u2019t", "坂本龍一\n don\u2019t"),
    ],
)
def test_text_is_shown_verbatim_and_moves_no_cursor(text: str, shown: str) -> None:
    with console.capture() as said:
        console.print(plain(text), end="")
    assert said.get() == shown


SAY = r"""
import time
from cli.stages import show_stages
from cli.terminal import console, waiting
with waiting("waits"):
    time.sleep(1)
show_stages(["[DAG TEST] starting task_id=ranking", "[DAG TEST] end task task_id=ranking"])
console.print("\u5742\u672c \udcff \u2014")
"""


def says(**variables: str) -> bytes:
    """Return what a program writes into a pipe when it waits a second and then prints."""
    command = [sys.executable, "-c", SAY]
    return subprocess.run(command, cwd=PROJECT, env={**os.environ, **variables}, capture_output=True, check=True).stdout


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252", "utf-8", "koi8-r"])
def test_any_encoding_shows_what_it_can(encoding: str) -> None:
    last = says(PYTHONIOENCODING=encoding).splitlines()[-1]
    readable = "\u5742\u672c \udcff \u2014".encode(encoding, "backslashreplace")
    assert last == readable


def test_forced_colours_bring_no_frames_into_a_file() -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        assert says(**{name: "1"}) == says()


def test_terminal_of_any_encoding_has_a_spinner() -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "TERM": "xterm"}
    subprocess.run([sys.executable, "-c", SAY], cwd=PROJECT, env=environment, stdout=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 65536)
    os.close(ours)
    assert b"waits" in shown
    assert b"\\u28" not in shown


def test_file_that_may_not_be_written_gets_advice(tmp_path: Path) -> None:
    missing = FileNotFoundError(2, "No such file or directory", "a.tsv")
    assert sentence(missing) == "a.tsv: No such file or directory"
    denied = PermissionError(13, "Permission denied", str(tmp_path))
    assert sentence(denied).startswith(f"{tmp_path}: Permission denied; clone the project into a directory of your own")
