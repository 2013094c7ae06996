"""Release the lock of a log whose run is dead."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from cli.errors import CommandError, told_in_a_line
from cli.options import DEFAULT_LAKE, DEFAULT_LOG, LakeRoot, LogName, existing_lake
from cli.terminal import console


def main(
    run_id: Annotated[str, Option(help="The run that has the lock, as the message that names it says.")],
    log: LogName = DEFAULT_LOG,
    lake: LakeRoot = DEFAULT_LAKE,
) -> None:
    """Release the lock of a log, where that run has it: the run must be dead."""
    from spark_jobs.lake import lock

    with told_in_a_line("Not released"), existing_lake(lake, log).catalog.open() as catalog:
        if not lock.release(catalog, log, run_id):
            found = lock.holder(catalog, log)
            holder = f"{found.run_id} does" if found else "nobody does"
            raise CommandError(f"found the run {run_id!r}, which holds no lock of {log}; {holder}")
    console.print(f"Released: runs may write {log} again.")
