"""A process that publishes runs and meets a fault at a step: `python -m tests.faults.publisher ROOT`.

It reads a line of JSON for each publication: `run_date`, `run_id`, `snapshots`, `step`, `fault`. It forks a process for
each publication. Its answer has the exit code of that process (negative for a signal), whether the process reached the
step, and what it printed.

A step is a change that others can see. It is a statement that writes to the catalog, its commit, or a file of the lake
that is written, renamed or removed. The fault comes just before the step of that number, counted from 0.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from include.runs.publishing import publish_run
from spark_jobs.shared.lake import Lake

NOBODY = 65534
_FILES = ("os.rename", "os.remove", "open")


def _kill(_: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _fill_disk(root: str) -> None:
    free = os.statvfs(root)
    with open(f"{root}/filler", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize)


def _lose_permission(_: str) -> None:
    # The user `nobody` cannot write root's files.
    os.setegid(NOBODY)
    os.seteuid(NOBODY)


def _stop_database(_: str) -> None:
    os.kill(int(os.environ["DATABASE_PID"]), signal.SIGQUIT)
    while _lives(f"/proc/{os.environ['DATABASE_PID']}/stat"):
        time.sleep(0.01)


def _lives(stat: str) -> bool:
    try:
        return Path(stat).read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


FAULTS = {
    "killed": _kill,
    "full disk": _fill_disk,
    "no permission": _lose_permission,
    "database stopped": _stop_database,
}


class Steps:
    """Counts the steps of this process, and has the fault come before one of them."""

    def __init__(self, lake: Lake, step: int, fault: str) -> None:
        self.lake, self.left, self.fault = lake, step, fault
        event.listen(Engine, "before_cursor_execute", self._statement)
        event.listen(Engine, "commit", lambda _: self._step())
        sys.addaudithook(self._audit)

    def _statement(self, _: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.lstrip().upper().startswith(("UPDATE", "INSERT", "DELETE")):
            self._step()

    def _audit(self, name: str, arguments: tuple[Any, ...]) -> None:
        writes = name != "open" or (isinstance(arguments[1], str) and arguments[1][0] in "wax")
        if name in _FILES and writes and str(arguments[0]).startswith(self.lake.root):
            self._step()

    def _step(self) -> None:
        self.left -= 1
        if self.left == -1:
            _beside(self.lake, "reached").touch()
            FAULTS[self.fault](self.lake.root)


def publish(lake: Lake, asked: dict[str, Any]) -> None:
    Steps(lake, asked["step"], asked["fault"])
    publish_run(lake, date.fromisoformat(asked["run_date"]), asked["run_id"], asked["snapshots"])


def main(root: str) -> None:
    lake = Lake(root, "listening")
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(_in_a_fork(lake, json.loads(line)))}\n")
        sys.stdout.flush()


def _in_a_fork(lake: Lake, asked: dict[str, Any]) -> dict[str, Any]:
    said, reached = _beside(lake, "said"), _beside(lake, "reached")
    for file in (said, reached):
        file.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        try:
            publish(lake, asked)
        except BaseException as error:
            os.seteuid(0)
            said.write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {"code": code, "reached": reached.exists(), "said": said.read_text("utf-8") if said.exists() else ""}


def _beside(lake: Lake, name: str) -> Path:
    return Path(lake.root).with_name(name)


if __name__ == "__main__":
    main(sys.argv[1])
