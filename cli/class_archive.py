"""Make an archive of the classes that Spark loads at each of its starts, and which it then finds ready in memory.

    python -m cli.class_archive

A Java that finds no archive, or one of other classes, loads them one by one as ever. How the archive is made, and what
Java checks of it: https://docs.oracle.com/en/java/javase/17/vm/class-data-sharing.html.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from cli.environment import PROJECT, airflow_environment
from cli.java import JavaError
from cli.spark_server import new_server
from include.deployment.connect_server import addresses
from include.deployment.jars import spark_jars
from include.deployment.local_spark import CLASS_ARCHIVE, GARBAGE_COLLECTOR
from include.deployment.spark_connect import TOKEN
from include.sample_data.listening import generate_log

USUAL_WORK = PROJECT / "cli" / "usual_work.py"


def main() -> None:
    """Make the archive, in place of one that is there; where that fails, say so: all works without, only slower."""
    CLASS_ARCHIVE.parent.mkdir(exist_ok=True)
    # Beside its place: Java does not write over an archive that is there.
    with tempfile.TemporaryDirectory(dir=CLASS_ARCHIVE.parent) as directory:
        scratch = Path(directory)
        made = scratch / CLASS_ARCHIVE.name
        try:
            run_usual_work(scratch, f"{GARBAGE_COLLECTOR} {shlex.quote(f'-XX:ArchiveClassesAtExit={made}')}")
            os.replace(made, CLASS_ARCHIVE)
        except (OSError, subprocess.SubprocessError, JavaError) as error:
            print(f"No archive of Spark's classes was made, each start takes longer without: {error}", file=sys.stderr)


def run_usual_work(scratch: Path, java_options: str) -> None:
    """Run the three jobs in a scratch directory, in one application that is a Connect server, too.

    Raises CalledProcessError.
    """
    log, lake = scratch / "log.tsv", scratch / "lake"
    with contextlib.redirect_stderr(io.StringIO()):
        generate_log.main([str(log), "--listens", "3000", "--users", "12", "--odd-lines"])
    server = new_server()
    settings = {
        "spark.driver.extraJavaOptions": java_options,
        "spark.log.level": "ERROR",
        "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
        **addresses(server.port, server.ui_port),
        # The archive holds for a Java that has the same class path.
        **spark_jars(master="local"),
    }
    options = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    subprocess.run(
        ["spark-submit", "--master", "local[2]", *options, str(USUAL_WORK), str(log), str(lake), server.address],
        env={**airflow_environment(scratch, lake, scratch, str(log)), TOKEN: server.token},
        check=True,
        capture_output=True,
        timeout=600,
    )


if __name__ == "__main__":
    main()
