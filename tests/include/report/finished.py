"""Lakes in which every stage of a run has left what its report is made from, without running one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from include.report.build import build_report, make_report
from include.report.listening.model import ListeningReport
from include.report.run_facts import Asked
from spark_jobs.logs.listening.tables import LISTENS, SESSIONS
from spark_jobs.ranking.sensitivity.definitions import DEFINITIONS
from spark_jobs.ranking.tables import ALTERNATIVE_SONGS, CHOSEN_LISTENS, LISTENERS, TOP_SESSIONS, TOP_SONGS
from spark_jobs.shared import loads
from spark_jobs.shared.documents import replace_file
from spark_jobs.shared.lake import Lake
from tests import model
from tests.frames import at
from tests.logs import GAP, RUN_DATE
from tests.published import keep_publication, leave_record, publish_tables, run_id_of, write_tables
from tests.records import NO_LATE, based_on, counted

PARAMETERS = {
    "session_gap_minutes": 20,
    "top_sessions": 50,
    "top_songs": 10,
    "window_days": None,
    "minimum_quality_score": 95,
}
SECONDS = {"check_input": None, "data_quality": 12.5, "ranking": 7.5}
ANOTHER_GAP = timedelta(minutes=10)
CHOSEN = ("user_id", "started_at", "ended_at", "track_count")
# The stage that makes each table.
MADE_BY = {
    LISTENS.name: "data_quality",
    SESSIONS.name: "session_analysis",
    **dict.fromkeys((TOP_SESSIONS.name, TOP_SONGS.name, CHOSEN_LISTENS.name), "ranking"),
    **dict.fromkeys((ALTERNATIVE_SONGS.name, LISTENERS.name), "ranking"),
}


def listens(*played: tuple[str, str, str, str]) -> list[model.Listen]:
    """Listens from `(user, time, artist, track)`; times as `tests.frames.at` takes them."""
    return [model.Listen(user, at(time), None, artist, None, track) for user, time, artist, track in played]


def in_a_row(user: str, start: datetime, songs: Sequence[tuple[str, str]], seconds: int = 200) -> list[model.Listen]:
    """A session of these songs, one after another."""
    times = (start + timedelta(seconds=seconds * number) for number in range(len(songs)))
    return [
        model.Listen(user, time, None, artist, None, track) for time, (artist, track) in zip(times, songs, strict=True)
    ]


def finish(
    lake: Lake, played: list[model.Listen], run_date: date = RUN_DATE, parameters: dict[str, Any] = PARAMETERS
) -> None:
    """Publish a full load with nothing to complain about, and leave every stage's record."""
    _leave(lake, run_date, played, played, parameters)


def finish_daily(lake: Lake, before: list[model.Listen], new: list[model.Listen], run_date: date, **facts: Any) -> None:
    """Publish what `finish` does, of a daily load that has added some listens to its base.

    `facts` replace the defaults in the record of what was new: zero late listens, zero known files.
    """
    found = {"late": NO_LATE, "known_events": 0, "files_changed": [], "files_known": [], **facts}
    _leave(lake, run_date, [*before, *new], new, PARAMETERS, found)
    made = {"opened": 3, "extended": 2, "joined": 1, "users_first_seen": 1}
    retell(lake, "session_analysis", run_date, new=made)


def _leave(
    lake: Lake,
    run_date: date,
    played: list[model.Listen],
    new: list[model.Listen],
    parameters: dict[str, Any],
    found: dict[str, Any] | None = None,
) -> None:
    sessions = model.sessions_of(list(played), GAP)
    within = (run_date, parameters["window_days"]) if parameters["window_days"] else None
    top = model.top_sessions(model.started_in_time(sessions, within), parameters["top_sessions"])
    songs = model.top_songs(sessions, top, parameters["top_songs"])
    rows = {
        LISTENS.name: [asdict(listen) for listen in played],
        SESSIONS.name: [asdict(session) for session in sessions],
        TOP_SESSIONS.name: [{"rank": rank, **asdict(one)} for rank, one in enumerate(top, start=1)],
        TOP_SONGS.name: [asdict(song) for song in songs],
        CHOSEN_LISTENS.name: _chosen(sessions, model.sessions_of(list(played), ANOTHER_GAP)),
    }
    counts = counted(len(new) + 6, len(new), 6)
    base = based_on(run_date - timedelta(days=1), {})
    quality = {
        "parameters": {"input_path": "/logs/<day>.tsv", "load": loads.DAILY if found else loads.FULL},
        "input": {"files": 1, "bytes": 99},
        "counts": counts,
        "quality_score": 99.5,
        "rejected": {"field_count": 4, "duplicate": 2},
        "warnings": {"missing_track_id": 2},
        "log": {"events": len(played), **_ends(played)},
        "base": base if found else None,
        "new": found,
        "files": [{"file": "/logs/<day>.tsv", "bytes": 99, **counts.model_dump()}],
        **_ends(new),
    }
    users = len({listen.user_id for listen in played})
    analysis = {"users": users, "sessions": len(sessions)}
    _publish(lake, run_date, rows, {"data_quality": quality, "session_analysis": analysis, "ranking": {}})
    for check in lake.contract.checks:
        check_says(lake, check, run_date=run_date)


def _publish(
    lake: Lake, run_date: date, rows: dict[str, list[dict[str, Any]]], records: dict[str, dict[str, Any]]
) -> None:
    """Publish tables beside those that the records name already, and write the records."""
    snapshots = write_tables(lake, run_date, rows)
    for stage, record in records.items():
        made = {name: snapshot for name, snapshot in snapshots.items() if MADE_BY[name] == stage}
        of_stage = {**record, "run_id": run_id_of(run_date), "snapshots": record.get("snapshots", {}) | made}
        leave_record(lake, stage, run_date, of_stage)
    publish_tables(lake, run_date, _snapshots(lake, run_date))


def _snapshots(lake: Lake, run_date: date) -> dict[str, int]:
    whole = [_record(lake, stage, run_date)["snapshots"] for stage in lake.contract.stages]
    return {name: snapshot for of_stage in whole for name, snapshot in of_stage.items()}


def _chosen(*cuts: dict[model.Session, list[model.Listen]]) -> list[dict[str, Any]]:
    """The listens of the sessions of several cuts, each session once: more than those of the top sessions."""
    listens_of = {tuple(getattr(one, name) for name in CHOSEN): cut[one] for cut in cuts for one in cut}
    return [
        {"session": dict(zip(CHOSEN, session, strict=True)), **asdict(listen)}
        for session, listens in listens_of.items()
        for listen in listens
    ]


def _ends(played: list[model.Listen]) -> dict[str, str | None]:
    times = [f"{listen.listened_at:%Y-%m-%dT%H:%M:%SZ}" for listen in played]
    return {"first_event_at": min(times, default=None), "last_event_at": max(times, default=None)}


def check_says(
    lake: Lake, check: str, warning: Sequence[str] = (), info: Sequence[str] = (), run_date: date = RUN_DATE
) -> None:
    """A checkpoint of five expectations of which these were not met."""
    validation = {"suite": "a suite", "expectations": 5, "met": 5 - len(warning) - len(info)}
    leave_record(lake, check, run_date, {"warning": warning, "info": info, "validations": [validation]})
    keep_publication(lake, run_date, _snapshots(lake, run_date), run_id_of(run_date))


def look_further(
    lake: Lake, alternatives: list[dict[str, Any]], listeners: list[dict[str, Any]], run_date: date = RUN_DATE
) -> None:
    """Leave what a run does beyond the answer: rankings under other definitions, and its listeners' profiles."""
    ranked = {row["definition"] for row in alternatives}
    made = {"made": True, "definitions": [name for name in DEFINITIONS if name in ranked], "seconds": 1.5}
    profiles = {"path": "/profiles.tsv", "problem": None}
    record = {**_record(lake, "ranking", run_date), "alternatives": made, "profiles": profiles}
    rows = {ALTERNATIVE_SONGS.name: alternatives, LISTENERS.name: listeners}
    _publish(lake, run_date, rows, {"ranking": record})


def _record(lake: Lake, stage: str, run_date: date) -> dict[str, Any]:
    return json.loads(lake.stage_record(stage, run_date).read_bytes())


def retell(lake: Lake, stage: str, run_date: date = RUN_DATE, **facts: Any) -> None:
    """Change some facts of a stage's record."""
    leave_record(lake, stage, run_date, {**_record(lake, stage, run_date), **facts})
    keep_publication(lake, run_date, _snapshots(lake, run_date), run_id_of(run_date))


def facts(lake: Lake, run_date: date = RUN_DATE, parameters: dict[str, Any] = PARAMETERS) -> dict[str, Any]:
    """Return what `report.json` of this lake will hold; draw and write nothing."""
    return made(lake, run_date, parameters).model_dump(mode="json")


def made(lake: Lake, run_date: date = RUN_DATE, parameters: dict[str, Any] = PARAMETERS) -> ListeningReport:
    """Return the report of this lake; draw and write nothing."""
    return make_report(lake, Asked(run_date, parameters, SECONDS))


def leave_facts(lake: Lake, run_date: date, parameters: dict[str, Any] = PARAMETERS) -> Path:
    """Write a report's JSON alone, for a later run date to compare with, and return its path."""
    path = Path(lake.report(run_date)) / "report.json"
    replace_file(path, json.dumps(facts(lake, run_date, parameters)))
    return path


def report(lake: Lake, run_date: date = RUN_DATE, parameters: dict[str, Any] = PARAMETERS) -> Path:
    """Build the report and return its directory."""
    return Path(build_report(lake, run_date, parameters, SECONDS))
