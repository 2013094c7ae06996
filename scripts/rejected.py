"""Write the rejected lines of a run date back as a log, to be corrected and run again.

Its arguments, as make passes them: LAKE, RUN_DATE, REASON (all, unless one is named) and OUTPUT, the file to write.
Exits with 1 when there is nothing to write, or nowhere.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pyiceberg.expressions import EqualTo
from pyiceberg.table import Table

from scripts import arguments
from scripts.terminal import console, plain, sentence, short
from spark_jobs.data_quality.rules import REASONS
from spark_jobs.lake.listening import REJECTED_RECORDS
from spark_jobs.shared.documents import read_record
from spark_jobs.shared.errors import DataError, MissingRecordError
from spark_jobs.shared.lake import LOG, Lake


class RejectedError(Exception):
    """There is nothing to write; the message says what was looked for and what there is."""


def main() -> None:
    """Write the log and say what is in it; exit with 1 and a word on what to do if that fails."""
    try:
        lake, run_date, reasons, output = read_arguments()
        counts = write_log(lake, run_date, reasons, output)
    except (RejectedError, DataError, arguments.ArgumentError, OSError) as error:
        console.print(f"[bold red]No log was written:[/] {plain(sentence(error))}")
        sys.exit(1)
    for reason, lines in counts.most_common():
        console.print(f"{lines:>12,} {reason}")
    console.print(f"{counts.total():>12,} lines: {plain(short(output))}")


def read_arguments() -> tuple[Lake, date, tuple[str, ...], Path]:
    """Return the lake, the run date, the reasons and the file to write; raises RejectedError."""
    given = arguments.read("rejected", "RUN_DATE", "REASON", paths=("LAKE", "OUTPUT"))
    text, reason = given.get("RUN_DATE", ""), given.get("REASON", "all")
    try:
        run_date = date.fromisoformat(text)
    except ValueError:
        raise RejectedError(f"RUN_DATE: found {text!r}, allowed is a date as YYYY-MM-DD") from None
    if reason not in ("all", *REASONS):
        raise RejectedError(f"REASON: found {reason!r}, allowed is all or one of {', '.join(REASONS)}")
    output = Path(given.get("OUTPUT", f"rejected-{run_date}.tsv")).absolute()
    return arguments.existing_lake(given), run_date, REASONS if reason == "all" else (reason,), output


def write_log(lake: Lake, run_date: date, reasons: tuple[str, ...], output: Path) -> Counter[str]:
    """Write the lines rejected for some reasons, to the byte and each with an LF; return how many of each reason.

    They are those of the date's last run, published or not. Raises RejectedError when there is no such line, or when
    the output exists: somebody may have begun to correct it.
    """
    snapshot = _snapshot(lake, run_date)
    if output.exists():
        raise RejectedError(f"{output} exists; move it away, or name another file with OUTPUT")
    counts: Counter[str] = Counter()
    unfinished = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as log, _opened(lake) as table:
            for reason in reasons:
                for lines in _lines(table, snapshot, reason):
                    counts[reason] += len(lines)
                    log.writelines(line + b"\n" for line in lines)
        if not counts:
            raise RejectedError(f"no line of run date {run_date} was rejected for {' or '.join(reasons)}")
        unfinished.rename(output)
    finally:
        unfinished.unlink(missing_ok=True)
    return counts


def _snapshot(lake: Lake, run_date: date) -> int:
    try:
        return read_record(lake, "data_quality", run_date)["snapshots"][REJECTED_RECORDS.name]
    except MissingRecordError:
        raise RejectedError(f"{run_date} has not been run in {lake.root}; allowed is the date of a run") from None


@contextmanager
def _opened(lake: Lake) -> Iterator[Table]:
    with lake.catalog.open() as catalog:
        yield catalog.load_table((LOG, REJECTED_RECORDS.name))


def _lines(table: Table, snapshot: int, reason: str) -> Iterator[list[bytes]]:
    if table.snapshot_by_id(snapshot) is None:
        raise RejectedError(f"the snapshot {snapshot} of {REJECTED_RECORDS.name} has expired; run the date again")
    found = table.scan(EqualTo(term="reason", value=reason), ("line",), snapshot_id=snapshot)
    for batch in found.to_arrow_batch_reader():
        yield batch["line"].to_pylist()


if __name__ == "__main__":
    main()
