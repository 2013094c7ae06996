"""Run a log's pipeline, and look after its lake.

`make COMMAND NAME=value` in a clone is the same as `python -m cli COMMAND --name=value`.
"""

from __future__ import annotations

import sys

from cli.program import Commands, execute

# `make help` prints these lines, too.
COMMANDS = {
    "run": "Run the DAG of a log (without an input: on a generated sample), and show the answer",
    "ui": "Open the Airflow UI on loopback, the DAG un-paused; Ctrl-C stops it",
    "data": "Fetch the full LastFM-1K log, 0.7 GB, and check it",
    "query": "Ask the published tables in SQL, without Spark",
    "rejected": "Write the rejected lines of a run date back as a log",
    "publish": "Publish a run whose check failed, or let it go on past the check",
    "unlock": "Release the lock of a dead run",
    "maintain": "Expire old run dates, abandoned branches and files of no table",
    "env": "Make the settings file .env with fresh secrets, and check the one that is there",
    "health": "Ask every part of what runs how it is: make ui, and the Compose stack",
    "history": "Open Spark's history of the runs on loopback; Ctrl-C stops it",
}

if __name__ == "__main__":
    execute(Commands(COMMANDS, __doc__), "python -m cli", sys.argv[1:] or ["--help"])
