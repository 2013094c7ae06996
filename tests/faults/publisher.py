"""A process that publishes runs and meets a fault at a step: `python -m tests.faults.publisher ROOT`.

It reads a line of JSON for each publication: `run_date`, `run_id`, `snapshots`, `step`, `fault`. It answers with the
exit code of the process that it forked for it, negative for a signal, and what that said.

A step is a change that others see or may find: a statement that writes to the catalog, its commit, a file of the lake
that is written, renamed or removed. The fault comes just before the step of that number, counted from 0.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from include.publishing import publish_run
from spark_jobs.shared.lake import Lake

_FILES = ("os.rename", "os.remove", "open")


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
        if self.left != -1:
            return
        if self.fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(f"fault: {self.fault}")


def publish(lake: Lake, asked: dict[str, Any]) -> None:
    Steps(lake, asked["step"], asked["fault"])
    publish_run(lake, date.fromisoformat(asked["run_date"]), asked["run_id"], asked["snapshots"])


def main(root: str) -> None:
    lake = Lake(root)
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(_in_a_fork(lake, json.loads(line)))}\n")
        sys.stdout.flush()


def _in_a_fork(lake: Lake, asked: dict[str, Any]) -> dict[str, Any]:
    said = Path(lake.root).with_name("said")
    said.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        try:
            publish(lake, asked)
        except BaseException:
            said.write_text(traceback.format_exc(), encoding="utf-8")
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {"code": code, "said": said.read_text(encoding="utf-8") if said.exists() else ""}


if __name__ == "__main__":
    main(sys.argv[1])
