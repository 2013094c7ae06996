"""What is different between two rankings, and between this answer and the one before."""

from __future__ import annotations

import json
import logging
from datetime import date
from typing import Any

from include.runs.records import previous_run_date
from spark_jobs.shared.lake import Lake

log = logging.getLogger(__name__)
# The parameters that two answers must share to be compared without a word.
METHOD = ("session_gap_minutes", "top_sessions", "top_songs", "window_days", "minimum_quality_score")


def changes(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> dict[str, Any]:
    """What becomes of the songs from one ranking to another: those that came in, went out, rose and fell.

    Songs are rows with `rank`, `artist_name` and `track_name`; of each that changes come its names, `from_rank` and
    `to_rank`, None where it has none. `kept` counts the songs that are in both rankings.
    """
    old, new = _ranks(before), _ranks(after)
    both = [song for song in new if song in old]
    return {
        "kept": len(both),
        "entered": [_change(song, old, new) for song in new if song not in old],
        "left": [_change(song, old, new) for song in old if song not in new],
        "up": [_change(song, old, new) for song in both if new[song] < old[song]],
        "down": [_change(song, old, new) for song in both if new[song] > old[song]],
    }


def since_previous(lake: Lake, run_date: date, facts: dict[str, Any]) -> dict[str, Any] | None:
    """The answer in `facts` against that of the last earlier run date; None where there is none that can be read.

    `parameters` maps each parameter that was another one then to `[then, now]`.
    """
    previous = previous_run_date(lake, run_date)
    if previous is None:
        return None
    path = lake.report(previous) / "report.json"
    try:
        then = json.loads(path.read_bytes())
        return _compared(then, facts)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        log.warning("no comparison with %s, which cannot be read: %s; run %s again", path, error, previous)
        return None


def _compared(then: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    parameters = {
        name: [then["parameters"].get(name), now["parameters"].get(name)]
        for name in METHOD
        if then["parameters"].get(name) != now["parameters"].get(name)
    }
    return {
        "run_date": then["run_date"],
        "parameters": parameters,
        "verdict": then["verdict"],
        "quality_score": then["quality_score"],
        "quality_score_change": round(now["quality_score"] - then["quality_score"], 4),
        **changes(then["top_songs"], now["top_songs"]),
    }


def _ranks(songs: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    return {(song["artist_name"], song["track_name"]): song["rank"] for song in songs}


def _change(song: tuple[str, str], old: dict[tuple[str, str], int], new: dict[tuple[str, str], int]) -> dict[str, Any]:
    artist, track = song
    return {"artist_name": artist, "track_name": track, "from_rank": old.get(song), "to_rank": new.get(song)}
