"""Make the settings file of a deployment with fresh secrets, or check the one that is there."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import psutil
from typer import Option

from cli.environment import PROJECT
from cli.options import home
from cli.settings_file import make, read
from cli.stack_settings import misfits
from cli.terminal import console, plain, sentence, short


def main(
    env: Annotated[str, Option(parser=home, metavar="FILE", help="The settings file.", show_default=".env")] = "",
) -> None:
    """Make the settings file of a deployment with fresh secrets, check it, and say what does not fit this machine.

    A file that is there is never changed, only checked. Exits with 1 and a line for each unknown, missing or bad
    variable, and where git would take a file that is to be made.
    """
    file = Path(env or PROJECT / ".env")
    try:
        made = make(file)
        found = read(file)
    except (RuntimeError, OSError) as error:
        console.print(f"[bold red]{plain(short(file))} cannot be used:[/]\n{plain(sentence(error))}")
        sys.exit(1)
    console.print(f"{plain(short(file))} {'is made, with fresh secrets' if made else 'was there, and stays as it is'}.")
    for line in misfits(found, os.cpu_count() or 1, psutil.virtual_memory().total // 2**20):
        console.print(f"[bold yellow]On this machine:[/] {plain(line)}")
