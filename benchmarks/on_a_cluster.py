"""Run a command beside a Spark standalone cluster of its own, which the Airflow connection `spark_default` names.

A master and two workers on loopback that share the machine's cores, and know nothing of this repository.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from include.deployment.local_spark import EMBEDDED
from tests.stack.spark_cluster import WORKERS, connection, spark_cluster


def main(*command: str) -> None:
    """Start the cluster, run the command, stop the cluster, and exit as the command did."""
    cores = max(1, (os.cpu_count() or 1) // WORKERS)
    with tempfile.TemporaryDirectory(prefix="cluster-") as scratch, spark_cluster(Path(scratch), cores) as cluster:
        named = {"AIRFLOW_CONN_SPARK_DEFAULT": json.dumps(connection(cluster, EMBEDDED["extra"], cores))}
        code = subprocess.run(command, env=os.environ | named, check=False).returncode
    sys.exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
