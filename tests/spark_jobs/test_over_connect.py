"""The three jobs run over Spark Connect as they are, and answer as the plain model does."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import astuple
from datetime import timedelta
from pathlib import Path

from spark_jobs.ranking.tables import TOP_SONGS
from spark_jobs.shared.lake import Lake
from tests import model
from tests.conftest import PROJECT
from tests.connect_server import ConnectServer
from tests.jobs import publish_run
from tests.lake_reader import rows
from tests.logs import GAP, RUN_DATE, line

DAY = RUN_DATE + timedelta(days=1)


def test_full_and_daily_load_over_connect(lake: Lake, tmp_path: Path, spark_server: ConnectServer) -> None:
    whole = log(1, "09:00", "09:15", "12:00") + b"odd\n"
    added = log(1, "09:30", "12:10") + log(5, "10:00")
    for day, text, load in ((RUN_DATE, whole, "full"), (DAY, added, "daily")):
        (tmp_path / f"{day}.tsv").write_bytes(text)
        common = ["--lake", lake.root, "--log", "listening", "--run-date", str(day)]
        run(spark_server, "data_quality", "--input", str(tmp_path / f"{day}.tsv"), "--load", load, *common)
        run(spark_server, "session_analysis", *common)
        run(spark_server, "ranking", *common)
        publish_run(lake, day)
    sessions = model.sessions_of(model.judge(whole + added, DAY).listens, GAP)
    songs = model.top_songs(sessions, model.top_sessions(sessions, 50), 10)
    assert rows(lake, TOP_SONGS, DAY) == [astuple(song) for song in songs]


def test_damaged_input_is_named_over_connect(lake: Lake, tmp_path: Path, spark_server: ConnectServer) -> None:
    damaged = tmp_path / "log.tsv.gz"
    damaged.write_bytes(b"no gzip at all")
    job = ["--input", str(damaged), "--lake", lake.root, "--log", "listening", "--run-date", str(RUN_DATE)]
    done = start(spark_server, "data_quality", *job)
    assert done.returncode == 65, done.stderr
    assert "log.tsv.gz cannot be read as .gz to its end (not a gzip file)" in done.stderr.splitlines()[-1]


def log(day: int, *times: str) -> bytes:
    return b"".join(line("u", f"2009-05-0{day}T{time}:00Z", "", "A", "", f"at {time}") + b"\n" for time in times)


def run(server: ConnectServer, job: str, *arguments: str) -> None:
    done = start(server, job, *arguments)
    assert done.returncode == 0, done.stderr


def start(server: ConnectServer, job: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command, environment = [sys.executable, "-m", f"spark_jobs.{job}.job", *arguments], server.client_environment
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
