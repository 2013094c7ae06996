"""The picture that the reports of all logs share: what each stage took."""

from __future__ import annotations

from functools import partial

from include.report import charts
from include.report.model import RunReport
from include.report.picture import Picture


def stages_picture(report: RunReport) -> Picture:
    """Return the wall seconds of each stage, as bars."""
    seconds = report.stage_seconds
    total = sum(seconds.values())
    took = [(stage, f"{spent:.1f}") for stage, spent in seconds.items()]
    rows = [{"label": stage, "value": seconds[stage], "marked": 0, "text": f"{text} s"} for stage, text in took]
    longest = max(seconds, key=lambda stage: seconds[stage], default="")
    return Picture(
        "stages",
        "What each stage took",
        "Wall seconds, starts included",
        f"{longest} took {seconds[longest] / total:.0%} of {total:.0f} seconds." if total else "",
        [("Stage", "Seconds"), *took],
        partial(charts.bars, rows),
    )
