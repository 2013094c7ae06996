"""Write a run's report from what its stages left in the lake."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.filters import do_filesizeformat

from include.event_logs import read_figures
from include.records import read_record, replace_file
from spark_jobs.shared.lake import TOP_SESSIONS, TOP_SONGS, Lake

CHECKS = ("check_listens", "check_sessions", "check_top_songs")
# In the page; the JSON has all of them. Those with rejected lines come first.
FILES_SHOWN = 20
# The rows a stage has to read, among those the report counts; those of the last check are too few to tell anything.
INPUT_ROWS = {
    "data_quality": ("lines_read",),
    "check_listens": ("listens_kept",),
    "session_analysis": ("listens_kept",),
    "check_sessions": ("sessions",),
    "ranking": ("sessions", "listens_kept"),
}
SPARK_HEADS = ("Seconds", "Tasks", "Input read", "Shuffled", "Spilled", "Garbage collection", "Slowest task / median")
NONE = "\N{EN DASH}"
TSV_COLUMNS = ("rank", "artist_name", "track_name", "play_count", "session_count", "listener_count")


def build_report(lake: Lake, run_date: date, parameters: dict[str, Any], seconds: dict[str, float | None]) -> str:
    """Write `top_songs.tsv`, `report.json` and `report.html`; return the directory they are in.

    `seconds` maps each stage to its wall seconds, None where none were taken.
    Raises FileNotFoundError when a stage left no record.
    """
    directory = Path(lake.report(run_date))
    answer = {name: _rows(lake, name, run_date) for name in (TOP_SONGS, TOP_SESSIONS)}
    facts = report_facts(lake, run_date, parameters, seconds) | answer
    replace_file(directory / "report.json", json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
    replace_file(directory / "report.html", render_html(facts))
    replace_file(directory / "top_songs.tsv", render_tsv(facts[TOP_SONGS]))
    return str(directory)


def report_facts(
    lake: Lake, run_date: date, parameters: dict[str, Any], seconds: dict[str, float | None]
) -> dict[str, Any]:
    """Gather what the stages' records say, all but the answer itself."""
    quality = read_record(lake, "data_quality", run_date)
    session_rows = read_record(lake, "session_analysis", run_date)["rows"]
    checks = {check: read_record(lake, check, run_date) for check in CHECKS}
    rows = {**quality["rows"], "users": session_rows["users"], "sessions": session_rows["sessions"]}
    # None of them is critical: such a one would have stopped the run before its report.
    degraded_because = [claim for check in checks.values() for claim in check["warning"]]
    return {
        "run_date": str(run_date),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "verdict": "degraded" if degraded_because else "good",
        "degraded_because": degraded_because,
        "flags": [claim for check in checks.values() for claim in check["info"]],
        "parameters": parameters,
        "input": {"path": quality["parameters"]["input_path"], **quality["input"]},
        "rows": rows,
        "quality_score": quality["quality_score"],
        "rejected": quality["rejected"],
        "warnings": quality["warnings"],
        "files": quality["files"],
        "first_listened_at": quality["first_listened_at"],
        "last_listened_at": quality["last_listened_at"],
        "stage_seconds": {stage: spent for stage, spent in seconds.items() if spent is not None},
        "spark": spark_facts(lake, run_date, list(seconds), rows),
        "checks": {check: _check_facts(record) for check, record in checks.items()},
    }


def spark_facts(lake: Lake, run_date: date, stages: list[str], rows: dict[str, int]) -> dict[str, Any]:
    """Spark's own figures of those stages that kept them.

    `input_reads`: how many times over the rows of its input a stage has read, None where nobody counts them.
    """
    found = {stage: figures for stage in stages if (figures := read_figures(lake, stage, run_date))}
    for stage, figures in found.items():
        to_read = sum(rows[name] for name in INPUT_ROWS.get(stage, ()))
        figures["input_reads"] = round(figures["input_records"] / to_read, 2) if to_read else None
    return found


def render_tsv(songs: list[dict[str, Any]]) -> str:
    """The answer as tab-separated lines, never quoted: no name can hold a tab or a line feed."""
    rows = [TSV_COLUMNS, *([str(song[column]) for column in TSV_COLUMNS] for song in songs)]
    return "".join("\t".join(row) + "\n" for row in rows)


def render_html(facts: dict[str, Any]) -> str:
    """The report as one page that needs nothing else; names are shown as text, whatever they hold."""
    files = sorted(facts["files"], key=lambda file: -file["lines_rejected"])
    check_rows = [(name, f"{check['met']} of {check['expectations']}") for name, check in facts["checks"].items()]
    templates = Environment(
        loader=PackageLoader("include.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return templates.get_template("report.html.j2").render(
        {**facts, "files": files},
        check_rows=check_rows,
        spark_rows={stage: spark_row(figures) for stage, figures in facts["spark"].items()},
        FILES_SHOWN=FILES_SHOWN,
        SPARK_HEADS=SPARK_HEADS,
    )


def spark_row(figures: dict[str, Any]) -> list[str]:
    """A stage's figures as text, under SPARK_HEADS; a dash where there is nothing to tell."""
    # The first is the Spark stage with the most work; a single task is no slower than another.
    of_many = next((stage for stage in figures["slowest_stages"] if stage["tasks"] > 1), None)
    reads = figures["input_reads"]
    return [
        f"{figures['seconds']:.1f}",
        f"{figures['tasks']:,}",
        NONE if reads is None else f"{reads:.2f} \N{MULTIPLICATION SIGN}",
        do_filesizeformat(figures["shuffle_bytes_written"]),
        do_filesizeformat(figures["spilled_disk_bytes"]),
        f"{figures['gc_share']:.1%}",
        f"{of_many['slowest_task_seconds']:.1f} s / {of_many['median_task_seconds']:.1f} s" if of_many else NONE,
    ]


def _rows(lake: Lake, dataset: str, run_date: date) -> list[dict[str, Any]]:
    rows = pq.read_table(lake.partition(dataset, run_date), partitioning=None).to_pylist()
    return [{name: _json_value(value) for name, value in row.items()} for row in rows]


def _json_value(value: Any) -> Any:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value


def _check_facts(record: dict[str, Any]) -> dict[str, Any]:
    statistics = [validation["statistics"] for validation in record["validations"]]
    return {
        "expectations": sum(part["evaluated_expectations"] for part in statistics),
        "met": sum(part["successful_expectations"] for part in statistics),
    }
