from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from benchmarks.measure import CommandError, measure
from tests.conftest import PROJECT

needs_counters = pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts the bytes of a process")

WORK = """
import sys, time
held = b"x" * 90_000_000
with open(sys.argv[1], "wb") as file:
    file.write(held[:5_000_000])
end = time.process_time() + 0.3
while time.process_time() < end:
    pass
time.sleep(0.3)
"""


@needs_counters
def test_a_commands_child_counts_with_it(tmp_path: Path) -> None:
    script = tmp_path / "work.py"
    script.write_text(WORK)
    measured = measure(["sh", "-c", f"{sys.executable} {script} {tmp_path / 'written'}; true"], os.environ)
    assert 0.6 <= measured["seconds"] < 10
    assert 0.3 <= measured["cpu_seconds"] < 5
    # 86 MiB are its own; what else it has it may share.
    assert 86 <= measured["peak_mib"] < 200
    assert 5_000_000 <= measured["written_bytes"] < 6_000_000
    assert measured["read_bytes"] > 0


@needs_counters
def test_orphan_adds_its_bytes_but_no_seconds(tmp_path: Path) -> None:
    orphan = f"(sleep 4; head -c 3000000 /dev/zero > {tmp_path / 'written'}) &"
    measured = measure(["sh", "-c", orphan], os.environ)
    assert measured["seconds"] < 3.9
    assert 3_000_000 <= measured["written_bytes"] < 4_000_000
    assert (tmp_path / "written").stat().st_size == 3_000_000


def test_a_failed_command_says_its_last_words() -> None:
    with pytest.raises(CommandError, match=r"(?s)failed with 3:\nno such log"):
        measure(["sh", "-c", "echo no such log >&2; exit 3"], os.environ)


MEASURING = """
import os
from benchmarks.measure import measure
from cli.stopping import stop_at_signals
stop_at_signals()
measure(["sh", "-c", "sleep 300 & echo $! > {noted}; wait"], os.environ)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_stopped_benchmark_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    noted = tmp_path / "pid"
    process = subprocess.Popen([sys.executable, "-c", MEASURING.format(noted=noted)], cwd=PROJECT)
    try:
        end = time.monotonic() + 60
        while not (noted.exists() and noted.read_text().strip()):
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
        sleeping = psutil.Process(int(noted.read_text()))
        process.send_signal(number)
        process.wait(timeout=60)
        with suppress(psutil.NoSuchProcess):
            assert sleeping.status() == psutil.STATUS_ZOMBIE
    finally:
        process.kill()
        process.wait()
