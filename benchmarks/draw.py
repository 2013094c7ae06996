"""Draw the kept results of the project's version, those of listening, as docs/performance.svg.

    python -m benchmarks.draw [RESULTS.json ...]

It has a row for each log and a column for each measure. A bar is the median of a program's runs, a point one run.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import vl_convert

from benchmarks.benched import benched
from benchmarks.compare import RESULTS, project_version
from cli.environment import PROJECT

PICTURE = PROJECT / "docs" / "performance.svg"
# The measures that are drawn, and how many of their units make one of the unit shown.
MEASURES = {
    "wall seconds": ("seconds", 1),
    "CPU seconds": ("cpu_seconds", 1),
    "peak memory, MiB": ("peak_mib", 1),
    "read, MiB": ("read_bytes", 2**20),
    "written, MiB": ("written_bytes", 2**20),
}
BAR, POINT, INK = "#8fb3d9", "#1f3a5f", "#1b1b1b"


def main(*files: str) -> None:
    """Draw these results, without any those of the version that pyproject.toml says."""
    paths = [Path(file) for file in files] or sorted(RESULTS.glob(f"listening/*-{project_version()}-*.json"))
    if not paths:
        sys.exit(f"no results of version {project_version()} in {RESULTS}; make bench measures them")
    results = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    picture = vl_convert.vegalite_to_svg(chart(rows(results)))
    PICTURE.write_text(picture + "\n", encoding="utf-8")
    print(PICTURE)


def rows(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each measure of each run; a program with a wrong answer is named so."""
    found = []
    for result in sorted(results, key=lambda one: one["events"]):
        for program, runs in result["runs"].items():
            is_right = all(run["answer"]["right"] for run in runs)
            name = program if is_right else f"{program}, wrong answer"
            log = f"{result['events']:,} {benched(result['log']).events}"
            found += [
                {"log": log, "program": name, "measure": measure, "value": run[column] / unit}
                for run in runs
                for measure, (column, unit) in MEASURES.items()
                if run[column] is not None
            ]
    return found


def chart(values: list[dict[str, Any]]) -> dict[str, Any]:
    """The picture as a Vega-Lite specification: https://vega.github.io/vega-lite/docs/spec.html."""
    logs = list(dict.fromkeys(row["log"] for row in values))
    programs = list(dict.fromkeys(row["program"] for row in values))
    y = {"field": "program", "type": "nominal", "title": None, "sort": programs}
    middle = {"aggregate": "median", "field": "value", "type": "quantitative", "title": None, "axis": {"tickCount": 3}}
    shown = {"aggregate": "median", "field": "value", "type": "quantitative", "format": ",.0f"}
    layers = [
        {"mark": {"type": "bar", "color": BAR, "height": {"band": 0.6}}, "encoding": {"y": y, "x": middle}},
        {
            "mark": {"type": "point", "color": POINT, "size": 16, "filled": True},
            "encoding": {"y": y, "x": {"field": "value", "type": "quantitative"}},
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 7, "color": INK},
            "encoding": {"y": y, "x": {**middle, "aggregate": "max"}, "text": shown},
        },
    ]
    # Padded, for a browser's letters may be wider than those the picture was laid out with.
    header = {"title": None, "labelPadding": 20, "labelFontSize": 12, "labelFontWeight": "bold", "labelColor": INK}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "background": "white",
        "data": {"values": values},
        "facet": {
            "row": {"field": "log", "type": "nominal", "sort": logs, "header": header},
            "column": {"field": "measure", "type": "nominal", "sort": list(MEASURES), "header": header},
        },
        "spec": {"width": 150, "height": {"step": 26}, "layer": layers},
        "spacing": {"row": 20, "column": 50},
        "resolve": {"scale": {"x": "independent"}},
        "config": {"font": "sans-serif", "view": {"stroke": None}, "axis": {"grid": False, "labelColor": INK}},
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
