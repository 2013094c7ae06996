"""Write a run's report from what its stages left in the lake."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from include.report.facts import report_facts
from include.report.page import render_html, render_markdown
from spark_jobs.shared.documents import replace_files
from spark_jobs.shared.lake import Lake

TSV_COLUMNS = ("rank", "artist_name", "track_name", "play_count", "session_count", "listener_count")


def build_report(lake: Lake, run_date: date, parameters: dict[str, Any], seconds: dict[str, float | None]) -> str:
    """Write `top_songs.tsv`, `report.html`, `report.md` and `report.json`; return the directory they are in.

    All of them or, where one cannot be made, none; the last one says that the run has come to its end.

    `seconds` maps each stage to its wall seconds, None where none were taken.
    Raises FileNotFoundError when a stage left no record.
    """
    directory = lake.report(run_date)
    facts = report_facts(lake, run_date, parameters, seconds)
    texts = {
        "top_songs.tsv": render_tsv(facts["top_songs"]),
        "report.html": render_html(facts),
        "report.md": render_markdown(facts),
        "report.json": json.dumps(facts, indent=2, ensure_ascii=False) + "\n",
    }
    replace_files(directory, texts)
    return str(directory)


def render_tsv(songs: list[dict[str, Any]]) -> str:
    """The answer as tab-separated lines, never quoted: no name can hold a tab or a line feed."""
    rows = [TSV_COLUMNS, *([str(song[column]) for column in TSV_COLUMNS] for song in songs)]
    return "".join("\t".join(row) + "\n" for row in rows)
