"""Keep a lake small, as the DAG lake_maintenance does: `python -m cli.maintain [LAKE=lake]`.

How much is kept are the settings PIPELINE_KEPT_RUN_DATES, PIPELINE_KEPT_BRANCH_DAYS and PIPELINE_KEPT_SNAPSHOT_DAYS.
"""

from __future__ import annotations

import os
import socket
import sys

from cli import arguments
from cli.environment import PROJECT
from cli.java import java_home
from cli.mendable import told_in_a_line
from cli.stopping import stop_at_signals
from cli.terminal import console, plain
from include.deployment.jars import jars_for, local_jars, spark_jars
from include.deployment.settings import settings
from include.runs import run_lock
from plugins.maintenance_operator import maintain_lake
from spark_jobs.shared.lake import Lake


def main() -> None:
    """Maintain the lake and say what was removed; exit with 1 and a sentence if that fails."""
    stop_at_signals()
    try:
        with told_in_a_line("Not maintained"):
            lake = arguments.existing_lake(arguments.read("maintain", paths=("LAKE",)))
            with run_lock.held(lake, f"make maintain, process {os.getpid()} on {socket.gethostname()}"):
                removed = run(lake)
    except KeyboardInterrupt as stop:
        console.print("Stopped; the next time it does the rest.")
        # Once Spark has started, it is Spark that hears of Ctrl-C.
        sys.exit(getattr(stop, "exit_code", 130))
    for what, gone in removed.items():
        console.print(f"{what.replace('_', ' ')} removed: {plain(str(gone))}")


def run(lake: Lake) -> dict[str, object]:
    """Maintain a lake with a Spark of this machine."""
    from spark_jobs.lake.maintenance import SETTINGS
    from spark_jobs.shared.session import spark_session

    local_jars(jars_for(lake.root))
    os.environ["JAVA_HOME"] = str(java_home(PROJECT / ".java"))
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    quiet = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR"}
    given = SETTINGS | quiet | spark_jars(lake.root, master="local")
    with spark_session("maintain", lake, given) as spark:
        return maintain_lake(spark, lake, settings().kept)


if __name__ == "__main__":
    main()
