"""Run a command and write what all its processes have used: `python reaper.py OUTPUT COMMAND...`.

A process's CPU seconds and bytes are added to its parent's when the parent waits for it. This process waits for the
command, and on Linux for the orphans too: a JVM often outlives the Python that started it. If a parent never waits for
a process, this count misses that process.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
# As Linux names them in /proc/<pid>/io, and as we do. The first two are the bytes of read and write calls: files,
# cached or from disk, pipes and sockets, but memory-mapped files are left out. The other two are what reached the disk.
COUNTERS = {
    "rchar": "read_bytes",
    "wchar": "written_bytes",
    "read_bytes": "disk_read_bytes",
    "write_bytes": "disk_written_bytes",
}


def main(output: str, *command: str) -> None:
    """Write `seconds`, `cpu_seconds` and the counters, which are null where the system has none; exit as it does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = counters()
    started = time.monotonic()
    pid = os.posix_spawnp(command[0], command, os.environ)
    seconds, code = wait_for_all(pid, started)
    after, used = counters(), resource.getrusage(resource.RUSAGE_CHILDREN)
    facts = {"seconds": round(seconds, 2), "cpu_seconds": round(used.ru_utime + used.ru_stime, 2)}
    bytes_used = {name: after[name] - before[name] if after else None for name in COUNTERS.values()}
    Path(output).write_text(json.dumps(facts | bytes_used))
    sys.exit(code)


def wait_for_all(pid: int, started: float) -> tuple[float, int]:
    """Return when nothing is left: the seconds until this process ended, and its exit code."""
    seconds, code = 0.0, 0
    while True:
        try:
            ended, status = os.wait()
        except ChildProcessError:
            return seconds, code
        if ended == pid:
            seconds, code = time.monotonic() - started, abs(os.waitstatus_to_exitcode(status))


def counters() -> dict[str, int]:
    """Return what this process and those it has waited for have read and written, nothing where nobody counts."""
    try:
        lines = Path("/proc/self/io").read_text().splitlines()
    except OSError:
        return {}
    found = dict(line.split(": ") for line in lines)
    return {ours: int(found[theirs]) for theirs, ours in COUNTERS.items()}


if __name__ == "__main__":
    main(*sys.argv[1:])
