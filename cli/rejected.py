"""Write the rejected lines of a run date back as a log, to be corrected and run again.

Its arguments, as make passes them: LAKE, RUN_DATE, REASON (all, unless one is named) and OUTPUT, the file to write.
Exits with 1 when there is nothing to write, or nowhere.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pyiceberg.expressions import EqualTo
from pyiceberg.table import Table

from cli import arguments
from cli.mendable import CommandError, told_in_a_line
from cli.query import table_with
from cli.terminal import console, plain, short
from include.runs.records import last_run
from spark_jobs.logs.listening.contract import LISTENS
from spark_jobs.logs.listening.tables import REJECTED_RECORDS
from spark_jobs.shared.lake import Lake


def main() -> None:
    """Write the log and say what is in it; exit with 1 and a word on what to do if that fails."""
    with told_in_a_line("No log was written"):
        lake, run_date, reasons, output = read_arguments()
        counts = write_log(lake, run_date, reasons, output)
    for reason, lines in counts.most_common():
        console.print(f"{lines:>12,} {reason}")
    console.print(f"{counts.total():>12,} lines: {plain(short(output))}")


def read_arguments() -> tuple[Lake, date, tuple[str, ...], Path]:
    """Return the lake, the run date, the reasons and the file to write; raises ArgumentError or CommandError."""
    given = arguments.read("rejected", "RUN_DATE", "REASON", paths=("LAKE", "OUTPUT"))
    run_date, reason = arguments.run_date_of(given), given.get("REASON", "all")
    if reason not in ("all", *LISTENS.reason_names):
        raise CommandError(f"REASON: found {reason!r}, allowed is all or one of {', '.join(LISTENS.reason_names)}")
    output = Path(given.get("OUTPUT", f"rejected-{run_date}.tsv")).absolute()
    return arguments.existing_lake(given), run_date, LISTENS.reason_names if reason == "all" else (reason,), output


def write_log(lake: Lake, run_date: date, reasons: tuple[str, ...], output: Path) -> Counter[str]:
    """Write the lines rejected for some reasons, to the byte and each with an LF; return how many of each reason.

    They are those of the date's last run, published or not. Raises CommandError when there is no such line, or when
    the output exists: somebody may have begun to correct it.
    """
    snapshot = last_run(lake, run_date).snapshots[REJECTED_RECORDS.name]
    if output.exists():
        raise CommandError(f"{output} exists; move it away, or name another file with OUTPUT")
    counts: Counter[str] = Counter()
    unfinished = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as log, lake.catalog.open() as catalog:
            table = table_with(catalog, lake.log, REJECTED_RECORDS.name, snapshot)
            for reason in reasons:
                for lines in _lines(table, snapshot, reason):
                    counts[reason] += len(lines)
                    log.writelines(line + b"\n" for line in lines)
        if not counts:
            raise CommandError(f"no line of run date {run_date} was rejected for {' or '.join(reasons)}")
        unfinished.rename(output)
    finally:
        unfinished.unlink(missing_ok=True)
    return counts


def _lines(table: Table, snapshot: int, reason: str) -> Iterator[list[bytes]]:
    found = table.scan(EqualTo(term="reason", value=reason), ("line",), snapshot_id=snapshot)
    for batch in found.to_arrow_batch_reader():
        yield batch["line"].to_pylist()


if __name__ == "__main__":
    main()
