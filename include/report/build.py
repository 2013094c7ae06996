"""Write a run's report from what its stages left in the lake."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from jinja2 import Environment, PackageLoader, StrictUndefined

from include.records import read_record, replace_file
from spark_jobs.shared.lake import TOP_SESSIONS, TOP_SONGS, Lake

CHECKS = ("check_listens", "check_sessions", "check_top_songs")
# In the page; the JSON has all of them. Those with rejected lines come first.
FILES_SHOWN = 20
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
        "rows": {**quality["rows"], "users": session_rows["users"], "sessions": session_rows["sessions"]},
        "quality_score": quality["quality_score"],
        "rejected": quality["rejected"],
        "warnings": quality["warnings"],
        "files": quality["files"],
        "first_listened_at": quality["first_listened_at"],
        "last_listened_at": quality["last_listened_at"],
        "stage_seconds": {stage: spent for stage, spent in seconds.items() if spent is not None},
        "checks": {check: _check_facts(record) for check, record in checks.items()},
    }


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
        {**facts, "files": files}, check_rows=check_rows, FILES_SHOWN=FILES_SHOWN
    )


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
