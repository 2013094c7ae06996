"""Tasks whose Spark is a warm server, killed while they run: their work there ends, and the next try answers right.

Each kill is of one try of one task: what is left ends within seconds, or before the next try writes. The next try that
nobody kills answers as a run does that nobody has touched.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import psutil
import pytest

from include.sample_data.listening import generate_log
from spark_jobs.shared.lake import Lake
from tests.conftest import PROJECT
from tests.faults.processes import end
from tests.faults.stages import STAGES, answers, published
from tests.jobs import publish_run
from tests.stack.running import lives
from tests.warm_server import WarmServer, environment_of, wait_for, warm_server

DAY = date(2009, 5, 4)
CHECK = "check_listens"
# What a query does for each row is not compiled: on a small log each stage works for seconds.
SLOW = "-XX:CompileCommand=quiet -XX:CompileCommand=exclude,org/apache/spark/sql/catalyst/expressions/GeneratedClass*.*"
OPTIONS = ("--conf", f"spark.driver.extraJavaOptions=-XX:+UseSerialGC {SLOW}")
# The bound; a machine that is busy may take its time to start a job.
SECONDS, START_SECONDS = 10, 400


@dataclass
class Run:
    """A run of the tasks at a server, try after try, each a process; and the answers of tries that nobody killed."""

    server: WarmServer
    lake: Lake
    log: Path
    home: Path
    tries: dict[str, int] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def a_try(self, task: str, ended: bool = True) -> Iterator[subprocess.Popen[bytes]]:
        """Start the next try of a task; what is left of it is ended in the end, or is not."""
        self.tries[task] = number = self.tries.get(task, 0) + 1
        command = [sys.executable, "-m", "tests.faults.warm_task", task, self.lake.root, str(DAY), str(self.log)]
        environment = environment_of(self.server, self.home) | {"PIPELINE_LAKE": self.lake.root}
        with self.said(task).open("ab") as said:
            process = subprocess.Popen(
                [*command, str(number)], cwd=PROJECT, env=environment, stdout=said, stderr=subprocess.STDOUT
            )
        try:
            yield process
        finally:
            if ended:
                end(process.pid)
            process.wait()

    def to_its_end(self, task: str) -> None:
        with self.a_try(task) as process:
            assert process.wait(600) == 0, self.said(task).read_text()[-3000:]

    def said(self, task: str) -> Path:
        return self.home / f"{task}.log"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A run that is over, whose tasks may be tried again."""
    home = tmp_path_factory.mktemp("killed")
    log, lake = home / "log.tsv", Lake(str(home / "lake"), "listening")
    size = ("--listens", "60000", "--users", "40", "--seed", "7", "--odd-lines")
    generate_log.main([str(log), *size, "--newest", f"{DAY}T22:00:00Z"])
    with warm_server(home / "server", *OPTIONS) as server:
        found = Run(server, lake, log, home)
        for stage in STAGES:
            found.to_its_end(stage)
        found.answers = answers(lake, DAY)
        publish_run(lake, DAY, "run 1")
        yield found


def victim_of(name: str, task: subprocess.Popen[bytes], server: WarmServer) -> psutil.Process:
    """Return a part of a try: Airflow's process, spark-submit's Java, the job's Python; or the server."""
    if name == "server":
        return server.java()
    if name == "task":
        return psutil.Process(task.pid)
    (java,) = (one for one in psutil.Process(task.pid).children() if "SparkSubmit" in " ".join(one.cmdline()))
    (python,) = (one for one in java.children() if "python" in one.name())
    return java if name == "java" else python


TERM, KILL = signal.SIGTERM, signal.SIGKILL
# One try after the other. The last of them leaves all its work behind, for the next try to end.
LAST = ("task", KILL)
USUAL = {
    "data_quality": [("task", TERM), ("server", KILL), LAST],
    "session_analysis": [("java", TERM), ("python", TERM), ("java", KILL), ("python", KILL), LAST],
    "ranking": [("task", TERM), ("server", KILL), LAST],
    # Airflow's process is the client itself.
    CHECK: [("task", TERM), ("server", KILL), LAST],
}
EVERY = [("task", TERM), ("java", TERM), ("python", TERM), ("java", KILL), ("python", KILL), ("server", KILL), LAST]
Kills = list[tuple[str, signal.Signals]]


@pytest.mark.parametrize(
    ("task", "kills"),
    [
        *(pytest.param(task, kills, id=task) for task, kills in USUAL.items()),
        *(pytest.param(stage, EVERY, marks=pytest.mark.long, id=f"{stage}, every kill") for stage in STAGES),
    ],
)
def test_killed_tries_leave_nothing_and_the_next_is_right(run: Run, task: str, kills: Kills) -> None:
    whole, left = published(run.lake, DAY), []
    for part, number in kills:
        left += kill_a_try(run, task, part, number)
    run.to_its_end(task)
    assert not any(map(lives, left))
    assert not run.server.works()
    assert answers(run.lake, DAY) == run.answers
    assert published(run.lake, DAY) == whole


def kill_a_try(run: Run, task: str, part: str, number: signal.Signals) -> list[psutil.Process]:
    """Kill a part of a try that is at work, and see its work end; return the processes that it had started."""
    with run.a_try(task, ended=(part, number) != LAST) as process:
        wait_for(lambda: run.server.works() or process.poll() is not None, START_SECONDS)
        started = psutil.Process(process.pid).children(recursive=True)
        victim = victim_of(part, process, run.server)
        victim.send_signal(number)
        killed = time.monotonic()
        if part == "server":
            wait_for(lambda: not victim.is_running(), SECONDS)
            run.server.wait()
        elif (part, number) == LAST:
            process.wait(SECONDS)
            assert run.server.works()
            return started
        else:
            wait_for(lambda: not run.server.works(), SECONDS)
            print(f"{task}, {number.name} of {part}: its work has ended after {time.monotonic() - killed:.1f} s")
        assert process.wait(START_SECONDS) != 0
        assert not run.server.works()
    return started
