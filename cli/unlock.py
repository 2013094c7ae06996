"""Release the lock of a log whose run is dead: `python -m cli.unlock RUN_ID="..." [LOG=listening] [LAKE=lake]`."""

from __future__ import annotations

from cli import arguments
from cli.mendable import CommandError, told_in_a_line
from cli.terminal import console
from spark_jobs.lake import lock


def main() -> None:
    """Release it if that run holds it, and say who holds it otherwise; exits with 1 then."""
    with told_in_a_line("Not released"):
        given = arguments.read("unlock", "LOG", "RUN_ID", paths=("LAKE",))
        log, run_id = given.get("LOG", "listening"), given.get("RUN_ID", "")
        with arguments.existing_lake(given).catalog.open() as catalog:
            if not lock.release(catalog, log, run_id):
                found = lock.holder(catalog, log)
                holder = f"{found.run_id} does" if found else "nobody does"
                raise CommandError(f"RUN_ID: found {run_id!r}, which holds no lock of {log}; {holder}")
        console.print(f"Released: runs may write {log} again.")


if __name__ == "__main__":
    main()
