"""A run writes, compacts and is maintained over Spark Connect, by a client that has no JVM."""

from __future__ import annotations

import json
import subprocess
import sys

from spark_jobs.lake.catalog import LakeCatalog
from tests.conftest import PROJECT
from tests.connect_server import ConnectServer
from tests.spark_jobs.lake.days import ANSWER, MONDAY, mains_of, published_run


def test_run_is_written_over_connect(lake: LakeCatalog, spark_server: ConnectServer) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.spark_jobs.lake.one_run", lake.root, spark_server.address],
        cwd=PROJECT,
        env=spark_server.client_environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["spark"].startswith("pyspark.sql.connect")
    assert said["run"] == published_run(lake, MONDAY).snapshots == mains_of(lake)
    assert said["compacted"] == [["ann", 1], *(["ann", hour] for hour in range(3, 8)), ["ben", 2]]
    with lake.open() as catalog:
        answer = catalog.load_table(f"music.{ANSWER.name}").scan().to_arrow()
    assert answer["plays"].to_pylist() == [2]
