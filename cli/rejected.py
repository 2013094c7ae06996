"""Write the rejected lines of a run date back as a log, to be corrected and run again."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import BadParameter, Option

from cli.errors import CommandError, told_in_a_line
from cli.options import DEFAULT_LAKE, DEFAULT_LOG, RUN_DATE, LakeRoot, LogName, existing_lake, home
from cli.query import table_with
from cli.terminal import console, plain, short
from spark_jobs.shared.logs import contract_of

if TYPE_CHECKING:
    from pyiceberg.table import Table

    from spark_jobs.shared.lake import Lake

ALL = "all"


def main(
    run_date: Annotated[date, RUN_DATE],
    reason: Annotated[str, Option(help="A reason of the log, or all.")] = ALL,
    output: Annotated[str, Option(parser=home, help="The file to write.", show_default="rejected-<run date>.tsv")] = "",
    log: LogName = DEFAULT_LOG,
    lake: LakeRoot = DEFAULT_LAKE,
) -> None:
    """Write the rejected lines of a run date's last run back as a log, to be corrected and run again."""
    contract = contract_of(log)
    if contract.others:
        raise BadParameter(
            f"found {log!r}, allowed is a log with one kind of records, which keeps rejected lines to the byte; what "
            f"{log} has rejected is its table rejected_records: make query LOG={log} SQL=...",
            param_hint="'--log'",
        )
    names = contract.events.reason_names
    if reason not in (ALL, *names):
        raise BadParameter(f"found {reason!r}, allowed is {ALL} or one of {', '.join(names)}", param_hint="'--reason'")
    file = Path(output or f"rejected-{run_date}.tsv").absolute()
    with told_in_a_line("No log was written"):
        counts = write_log(existing_lake(lake, log), run_date, names if reason == ALL else (reason,), file)
    for found, lines in counts.most_common():
        console.print(f"{lines:>12,} {found}")
    console.print(f"{counts.total():>12,} lines: {plain(short(file))}")


def write_log(lake: Lake, run_date: date, reasons: tuple[str, ...], output: Path) -> Counter[str]:
    """Write the lines rejected for some reasons, to the byte and each with an LF; return how many of each reason.

    They are those of the date's last run, published or not. Raises CommandError when there is no such line, or when
    the output exists: somebody may have begun to correct it.
    """
    from include.runs.records import last_run
    from spark_jobs.shared.log_tables import REJECTED_RECORDS

    snapshot = last_run(lake, run_date).snapshots[REJECTED_RECORDS.name]
    if output.exists():
        raise CommandError(f"{output} exists; move it away, or name another file with --output")
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
    from pyiceberg.expressions import EqualTo

    found = table.scan(EqualTo(term="reason", value=reason), ("line",), snapshot_id=snapshot)
    for batch in found.to_arrow_batch_reader():
        yield batch["line"].to_pylist()
