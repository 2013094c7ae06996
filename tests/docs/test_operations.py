"""docs/operations.md as a runbook: what is in it, and, in a scratch deployment, that all of it works."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from cli.__main__ import COMMANDS
from include.deployment.local_spark import EMBEDDED
from tests.cli.test_audit import VULNERABLE, service
from tests.conftest import PROJECT, QUICK_JVM
from tests.docs.postgres import Postgres, postgres
from tests.docs.runbook import Block, blocks

PAGE = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
DOCKER = "needs a Docker engine"
NOT_RUN = [
    ("docker compose exec scheduler bash", DOCKER),
    (
        "make env                # writes .env with fresh secrets, mode 600; checks it; says what does not fit here",
        DOCKER,
    ),
    ("docker compose build", DOCKER),
    (
        "make run INPUT=log.tsv LAKE=/data/lake RUN_DATE=2009-04-30",
        "thirty runs and more; tests/end_to_end/test_make_run.py adds a day",
    ),
    (
        'make query RUN_DATE=2009-05-07 PUBLISHED=no SQL="SELECT * FROM rejected_records LIMIT 20"',
        "tests/end_to_end/test_make_run.py does, after a failed check",
    ),
    (
        """export AIRFLOW_CONN_APPRISE_DEFAULT='{"conn_type":"apprise","extra":{"config":{"path":"json://host:8080/hook"}}}'""",
        "nobody listens there; tests/plugins/test_run_alerts.py has a webhook",
    ),
    (
        """export SPARK_CONNECT_AUTHENTICATE_TOKEN="$(python -c 'import secrets as s; print(s.token_urlsafe(32))')\"""",
        "it stays until it is stopped; tests/include/deployment/test_connect_server.py does",
    ),
    (
        'export AIRFLOW_CONN_SPARK_DEFAULT="$(cat cluster.json)"',
        "tests/end_to_end/test_cluster.py does, on a cluster",
    ),
]
FIRST, SECOND = "2009-05-04", "2009-05-05"


def test_commands_without_a_test_have_a_reason() -> None:
    assert [(block.first_line, block.reason) for block in blocks(PAGE) if block.reason] == NOT_RUN
    assert {block.language for block in blocks(PAGE)} == {"sh", "json"}
    assert "`make test-operations` runs the commands of this page" in PAGE


def test_what_is_no_command_is_json() -> None:
    for block in blocks(PAGE):
        if block.language == "json":
            json.loads(block.text)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:`|^|do )make ([a-z-]+)", PAGE, re.M))))
def test_every_make_target_it_names_is_there(target: str) -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8").replace("\\\n", "")
    targets = re.search(r"^\.PHONY: (.+)$", makefile, re.M)[1].split()  # type: ignore[index]
    assert target in COMMANDS or (target in targets and re.search(rf"^{target}:", makefile, re.M))


def left_out(place: str, names: list[str]) -> set[str]:
    """Return the names that hold no code. The clone's own lake is one, the package spark_jobs.lake is code."""
    own = {"lake", "input", "data"} if place == str(PROJECT) else set()
    return own | shutil.ignore_patterns(".*", "__pycache__", "spark-warehouse")(place, names)


class Deployment:
    """A copy of the clone with the same installation, and a shell in it that keeps what is exported."""

    def __init__(self, root: Path) -> None:
        self.root, self.lake = root, root / "lake"
        shutil.copytree(PROJECT, root, ignore=left_out)
        for name in (".venv", ".java", ".jars"):
            if (PROJECT / name).exists():
                (root / name).symlink_to((PROJECT / name).resolve())
        if (archive := PROJECT / ".build" / "spark-classes.jsa").exists():
            (root / ".build").mkdir()
            (root / ".build" / archive.name).symlink_to(archive)
        for requirements in root.glob("requirements*"):
            # Older than the installation, which is that of the tests: there is nothing to install.
            os.utime(requirements, (1, 1))
        extra = {**EMBEDDED["extra"], "spark.driver.extraJavaOptions": QUICK_JVM}
        self.exported = {
            **self.airflows_environment(),
            "AIRFLOW_CONN_SPARK_DEFAULT": json.dumps({**EMBEDDED, "extra": extra}),
        }

    def airflows_environment(self) -> dict[str, str]:
        """That of `make run`'s Airflow: what the scheduler's container has on a server."""
        code = (
            "import json; from pathlib import Path; from cli import environment as e;"
            "print(json.dumps(e.airflow_environment(e.RUN_HOME, Path('lake'), Path('/'), 'log.tsv')))"
        )
        outer = {name: value for name, value in os.environ.items() if not name.startswith(("PIPELINE_", "MAKE", "COV"))}
        found = subprocess.run(
            [sys.executable, "-c", code], cwd=self.root, env=outer, capture_output=True, text=True, check=True
        )
        return json.loads(found.stdout.splitlines()[-1])

    def type(self, commands: str) -> str:
        """Run some lines as a person types them, one after the other; return what they print, or fail."""
        state = self.root / ".exported"
        keep = f"{sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))'"
        script = f"set -e\n{commands}\n{keep} > {shlex.quote(str(state))}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.root,
            env=self.exported,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{commands}\nended with {done.returncode}:\n{done.stdout[-6000:]}"
        self.exported = json.loads(state.read_text())
        return done.stdout

    def answer(self, day: str) -> bytes:
        return (self.lake / "listening" / "reports" / f"run_date={day}" / "top_songs.tsv").read_bytes()

    def contents(self) -> dict[str, bytes]:
        """Every file of the lake that a backup holds."""
        files = (path for path in self.lake.rglob("*") if path.is_file())
        return {str(path.relative_to(self.lake)): path.read_bytes() for path in files}


@contextmanager
def restoring_the_lake(deployment: Deployment, _: Postgres) -> Iterator[None]:
    before = deployment.contents()
    assert len(before) > 20
    yield
    assert deployment.contents() == before


@contextmanager
def running_again(deployment: Deployment, _: Postgres) -> Iterator[None]:
    before = deployment.answer(FIRST)
    assert len(before.splitlines()) == 11
    yield
    assert deployment.answer(FIRST) == before


@contextmanager
def dumping_the_database(_: Deployment, database: Postgres) -> Iterator[None]:
    database.fill()
    yield


@contextmanager
def restoring_the_database(_: Deployment, database: Postgres) -> Iterator[None]:
    before = database.rows()
    database.destroy()
    assert database.rows() == {}
    yield
    assert database.rows() == before
    assert before["connection"] == 1
    assert database.secret() == "kept in the database"


@contextmanager
def backfilling(deployment: Deployment, _: Postgres) -> Iterator[None]:
    yield
    asked = "SELECT date(logical_date), state FROM dag_run WHERE run_type = 'backfill' ORDER BY 1"
    with closing(sqlite3.connect(deployment.root / ".airflow" / "run" / "airflow.db")) as database:
        runs = database.execute(asked).fetchall()
    assert runs == [(f"2009-06-0{day}", "queued") for day in (1, 2, 3)]


@contextmanager
def adding_days(deployment: Deployment, _: Postgres) -> Iterator[None]:
    with closing(sqlite3.connect(deployment.root / ".airflow" / "run" / "airflow.db")) as database, database:
        # No scheduler is there to end the backfill before, and Airflow has one at a time.
        database.execute("UPDATE backfill SET completed_at = created_at")
    yield
    asked = "SELECT date(logical_date), state, conf FROM dag_run WHERE conf LIKE '%daily%' ORDER BY 1"
    with closing(sqlite3.connect(deployment.root / ".airflow" / "run" / "airflow.db")) as database:
        runs = database.execute(asked).fetchall()
    had_runs = {FIRST, SECOND, "2009-05-20"}
    assert [run[:2] for run in runs] == [
        (day, "queued") for number in range(1, 32) if (day := f"2009-05-{number:02}") not in had_runs
    ]
    assert {run[2] for run in runs} == {'{"load": "daily", "input_path": "days/{run_date}.tsv"}'}


@contextmanager
def nothing(*_: object) -> Iterator[None]:
    yield


Around = Callable[[Deployment, Postgres], AbstractContextManager[None]]
# The preparation around a block, by words in the block.
AROUND = {
    "tar --extract": restoring_the_lake,
    "pg_dump": dumping_the_database,
    "pg_restore": restoring_the_database,
    '"load": "daily"': adding_days,
    "backfill create": backfilling,
}


def around(block: Block, is_again: bool) -> Around:
    if is_again and "make run" in block.text:
        return running_again
    return next((one for words, one in AROUND.items() if words in block.text), nothing)


@pytest.mark.operations
def test_every_command_does_what_the_runbook_says(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path / "a clone's $place")
    typed: list[str] = []
    # On a server the DAG processor does this.
    deployment.type("airflow db migrate && airflow dags reserialize")
    with postgres(deployment.exported) as database, service(VULNERABLE) as vulnerabilities:
        deployment.exported |= database.access()
        for block in blocks(PAGE):
            if block.language == "sh" and not block.reason:
                with around(block, is_again=block.text in typed)(deployment, database):
                    # The published vulnerabilities are not to be had here.
                    deployment.type(block.text.replace("make audit", f"make audit OSV_URL={vulnerabilities}"))
                typed.append(block.text)
    reports = (deployment.lake / "listening" / "reports").iterdir()
    assert {FIRST, SECOND} == {path.name.removeprefix("run_date=") for path in reports}
    assert json.loads((deployment.root / ".build" / "sbom.cdx.json").read_bytes())["components"]
