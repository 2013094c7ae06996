"""The whole work of the shop's DAG in one process of DuckDB: what a single machine can do without Spark and Airflow.

It judges every line of the four kinds, finds duplicates, writes accepted records sorted and rejected ones with their
reason, counts warnings, unnamed fields and what the checks look at, cuts sessions, and writes the seven answers. There
is no masking key: no sensitive value is kept. A carriage return within a line, which JSON takes for a space, ends the
line here. Not compared: of a line that is no record no number is kept, who made what is not kept, and nothing can be
tried again or published.

    python -m benchmarks.shop.duckdb_work LOG OUTPUT 2026-11-29
"""

from __future__ import annotations

import sys
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb

from benchmarks.shop.fields import FIELDS
from benchmarks.shop.judging import read_exactly, read_fast, rejected

MEMORY, THREADS = "4GB", 2
SQL = Path(__file__).parent
TSV = r"(FORMAT csv, DELIMITER '\t', HEADER, QUOTE '', ESCAPE '', NULLSTR '')"
PARQUET = "(FORMAT parquet, COMPRESSION zstd)"
ACROSS = {
    "events": (
        "reused_event_id",
        "repeated_purchase",
        "unknown_user",
        "unknown_product",
        "purchase_without_transaction",
        "client_session_of_several_users",
    ),
    "transactions": (
        "unknown_user",
        "unknown_product",
        "transaction_without_purchase",
        "transaction_of_another_user",
        "inconsistent_total",
    ),
}


def main(log: str, output: str, run_date: str) -> None:
    """Do all of the work on a log; print what each part took. The new directory has the files of the answers."""
    day = date.fromisoformat(run_date)
    Path(output).mkdir(parents=True)
    with duckdb.connect(f"{output}/scratch.db") as database:
        database.execute(f"SET memory_limit = '{MEMORY}'; SET threads = {THREADS}; SET TimeZone = 'UTC'")
        database.execute(f"SET temp_directory = '{quoted(output)}/temp'; SET preserve_insertion_order = false")
        for name, statements in parts(Path(log), output, day).items():
            wall, cpu = time.monotonic(), time.process_time()
            database.execute(statements)
            print(f"{name:<24} {time.monotonic() - wall:8.2f} s {time.process_time() - cpu:8.2f} CPU s", flush=True)


def parts(log: Path, output: str, day: date) -> dict[str, str]:
    """Return the statements by part, in their order."""
    values = {
        "output": quoted(output),
        "end": str(day + timedelta(days=1)),
        "tsv": TSV,
        "parquet": PARQUET,
        "every_warning": every_warning(),
        "rejected": " UNION ALL ".join(map(rejected, FIELDS)),
    }
    found = {"macros": of_file("macros", values)}
    for kind in FIELDS:
        found[f"read {kind}"] = read_fast(kind, files_of(log / kind), day)
        found[f"read odd {kind}"] = read_exactly(kind, day)
    others = ("duplicates", "records", "warnings", "sessions", "answers", "checks")
    return found | {name: of_file(name, values) for name in others}


def of_file(name: str, values: dict[str, str]) -> str:
    """Return the statements of a file, with these values in their places."""
    text = (SQL / f"{name}.sql").read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"{{{key}}}", value)
    return text


def files_of(directory: Path) -> list[str]:
    """Return the files of a kind of records, in their order."""
    return sorted(str(file) for file in directory.rglob("*") if file.name.endswith((".jsonl", ".jsonl.gz")))


def every_warning() -> str:
    """Return all warnings that a kind can have, as SQL: they are counted also where there is none."""
    rows = []
    for place, (kind, fields) in enumerate(FIELDS.items()):
        optional = [f"invalid_{field.name}" for field in fields if field.required is not True]
        rows += [f"({place}, '{kind}', '{name}')" for name in (*optional, "unnamed_field", *ACROSS.get(kind, ()))]
    return f"FROM (VALUES {', '.join(rows)}) AS every(place, kind, warning)"


def quoted(text: str) -> str:
    """Return a text as it stands between the quotes of SQL."""
    return text.replace("'", "''")


if __name__ == "__main__":
    main(*sys.argv[1:])
