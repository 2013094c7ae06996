"""The whole work of the shop's DAG in one process of DuckDB: what a single machine can do without Spark and Airflow.

It judges every line of the four kinds, finds duplicates, writes accepted records sorted and rejected ones with their
reason, counts all warnings, cuts sessions, and answers. No masking key: sensitive values are not kept. Not done: the
names that are in an object of an object twice are not found, a line that cannot be parsed has no number, a carriage
return ends a line; who made what is not kept, and nothing can be tried again or published.
"""

from __future__ import annotations

import sys
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb

from benchmarks.shop.fields import FIELDS
from benchmarks.shop.judging import read_exactly, read_fast, written

MEMORY, THREADS = "4GB", 2
SQL = Path(__file__).parent
TSV = r"(FORMAT csv, DELIMITER '\t', HEADER, QUOTE '', ESCAPE '', NULLSTR '')"
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
    """Do all of the work on a log; the new directory has the files of the answers."""
    day = date.fromisoformat(run_date)
    Path(output).mkdir(parents=True)
    with duckdb.connect(f"{output}/scratch.db") as database:
        database.execute(f"SET memory_limit = '{MEMORY}'; SET threads = {THREADS}; SET TimeZone = 'UTC'")
        database.execute(f"SET temp_directory = '{quoted(output)}/temp'; SET preserve_insertion_order = false")
        for name, statements in parts(Path(log), output, day).items():
            wall, cpu = time.monotonic(), time.process_time()
            for statement in statements:
                database.execute(statement)
            print(f"{name:<24} {time.monotonic() - wall:8.2f} s {time.process_time() - cpu:8.2f} CPU s", flush=True)


def parts(log: Path, output: str, day: date) -> dict[str, list[str]]:
    """Return the statements by part, in their order."""
    found = {"macros": [(SQL / "macros.sql").read_text(encoding="utf-8")]}
    for kind in FIELDS:
        files = sorted(
            str(file) for file in (log / kind).rglob("*.jsonl*") if file.name.endswith((".jsonl", ".jsonl.gz"))
        )
        found[f"read {kind}"] = [read_fast(kind, files, day)]
        found[f"read odd {kind}"] = [read_exactly(kind, day)]
    values = {
        "output": quoted(output),
        "end": str(day + timedelta(days=1)),
        "tsv": TSV,
        "every_warning": every_warning(),
    }
    for name in ("duplicates", "accepted", "rejected", "warnings", "sessions", "answers"):
        text = rejected() if name == "rejected" else (SQL / f"{name}.sql").read_text(encoding="utf-8")
        for key, value in values.items():
            text = text.replace(f"{{{key}}}", value)
        found[name] = [text]
    return found


def rejected() -> str:
    """Return the statement that writes all rejected records."""
    parts = []
    for kind in FIELDS:
        parts.append(
            f"""SELECT '{kind}' AS kind, coalesce(reason, 'duplicate') AS reason, {written(kind)} AS record,
            CASE WHEN is_text THEN strlen(line) END AS length, CASE WHEN is_text THEN file END AS file
            FROM judged_{kind}
            WHERE reason IS NOT NULL OR rowid IN (SELECT row FROM copies_of_{kind} WHERE copy > 1)
            UNION ALL
            SELECT '{kind}', if(bool_or(error_type = 'INVALID ENCODING'), 'invalid_encoding', 'invalid_json'), NULL,
                strlen(any_value(csv_line)), any_value(file_path)
            FROM unread_{kind}
            JOIN scanned_{kind} USING (scan_id, file_id)
            GROUP BY scan_id, file_id, line"""
        )
    return f"COPY ({' UNION ALL '.join(parts)}) TO '{{output}}/rejected.parquet' (FORMAT parquet, COMPRESSION zstd)"


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
