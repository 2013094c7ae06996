"""Release the lock of a log whose run is dead: `python -m scripts.unlock LOG RUN_ID --lake lake`."""

from __future__ import annotations

import argparse
import sys

from spark_jobs.lake import lock
from spark_jobs.lake.catalog import lake_catalog


def main(argv: list[str] | None = None) -> None:
    """Release it if that run holds it, and say who holds it otherwise; exits with 1 then."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", help="the log, as the lake names it: listening")
    parser.add_argument("run_id", help="the run that is dead, as the message says it")
    parser.add_argument("--lake", default="lake", help="the lake's root")
    args = parser.parse_args(argv)
    lake = lake_catalog(args.lake)
    if not lake.is_there:
        sys.exit(f"--lake: found {lake.root}, which has no catalog.db; allowed is a lake that a run has made")
    with lake.open() as catalog:
        if lock.release(catalog, args.log, args.run_id):
            print(f"Released: runs may write {args.log} again.")
            return
        found = lock.holder(catalog, args.log)
    sys.exit(f"{args.run_id} holds no lock of {args.log}; " + (f"{found.run_id} does" if found else "nobody does"))


if __name__ == "__main__":
    main()
