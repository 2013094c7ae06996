"""Run a command and measure all its processes together."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from cli.services import end_sessions

SECONDS_BETWEEN_LOOKS = 0.2


class CommandError(Exception):
    """The command failed; the message is the last it said."""


def measure(command: Sequence[str], environment: Mapping[str, str]) -> dict[str, Any]:
    """Run a command to its end; return `seconds`, `cpu_seconds`, `peak_mib` and the bytes read and written.

    Wall seconds until the command ended; CPU seconds and bytes of all its processes, see `benchmarks.reaper`. Memory is
    the largest sum, measured five times a second. Shared memory counts once on Linux, and once for each process
    elsewhere. Raises CommandError.
    """
    peak = 0
    with tempfile.TemporaryDirectory() as scratch, (Path(scratch) / "output").open("w+b") as output:
        measured = Path(scratch) / "measured.json"
        reaper = [sys.executable, str(Path(__file__).with_name("reaper.py")), str(measured)]
        process = psutil.Popen(
            [*reaper, *command],
            env=dict(environment),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            while process.poll() is None:
                peak = max(peak, memory_bytes(process))
                time.sleep(SECONDS_BETWEEN_LOOKS)
        finally:
            # Of a benchmark that is told to stop; one that has ended has left nothing.
            end_sessions({process.pid}, signal.SIGINT, 5)
            end_sessions({process.pid}, signal.SIGKILL, 3)
        if process.returncode != 0:
            output.seek(0)
            said = output.read()[-3000:].decode(errors="replace")
            raise CommandError(f"{' '.join(command)} failed with {process.returncode}:\n{said}")
        return json.loads(measured.read_text()) | {"peak_mib": peak // 2**20}


def memory_bytes(reaper: psutil.Process) -> int:
    """Add up the memory of everything a process has started, without its own."""
    total = 0
    try:
        processes = reaper.children(recursive=True)
    except psutil.NoSuchProcess:
        return 0
    for one in processes:
        try:
            memory = one.memory_full_info()
            # Of resident sets the sum would, while a Java of 2 GiB forks to start a program, have it twice.
            total += getattr(memory, "pss", memory.rss)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total
