"""Keep a lake small, as the DAG lake_maintenance does."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

from cli.environment import PROJECT
from cli.errors import told_in_a_line
from cli.java import java_home
from cli.options import DEFAULT_LAKE, DEFAULT_LOG, LakeRoot, LogName, existing_lake
from cli.stopping import stop_at_signals
from cli.terminal import console, plain
from include.deployment.jars import jars_for, local_jars, spark_jars

if TYPE_CHECKING:
    from spark_jobs.shared.lake import Lake


def main(log: LogName = DEFAULT_LOG, lake: LakeRoot = DEFAULT_LAKE) -> None:
    """Expire old run dates, abandoned branches and files of no table, as the DAG lake_maintenance does.

    How much is kept are the settings PIPELINE_KEPT_RUN_DATES, PIPELINE_KEPT_BRANCH_DAYS and
    PIPELINE_KEPT_SNAPSHOT_DAYS.
    """
    from include.runs import run_lock

    stop_at_signals()
    try:
        with told_in_a_line("Not maintained"):
            of_log = existing_lake(lake, log)
            with run_lock.held(of_log, f"make maintain, process {os.getpid()} on {socket.gethostname()}"):
                removed = run(of_log)
    except KeyboardInterrupt as stop:
        console.print("Stopped; the next time it does the rest.")
        # Once Spark has started, it is Spark that hears of Ctrl-C.
        sys.exit(getattr(stop, "exit_code", 130))
    for what, gone in removed.items():
        console.print(f"{what.replace('_', ' ')} removed: {plain(str(gone))}")


def run(lake: Lake) -> dict[str, object]:
    """Maintain a lake with a Spark of this machine."""
    from include.deployment.settings import settings
    from plugins.maintenance_operator import maintain_lake
    from spark_jobs.lake.maintenance import SETTINGS
    from spark_jobs.shared.session import spark_session

    local_jars(jars_for(lake.root))
    os.environ["JAVA_HOME"] = str(java_home(PROJECT / ".java"))
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    quiet = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR"}
    given = SETTINGS | quiet | spark_jars(lake.root, master="local")
    with spark_session("maintain", lake, given) as spark:
        return maintain_lake(spark, lake, settings().kept)
