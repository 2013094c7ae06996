"""Lakes in which every stage of a run has left what its report is made from, without running one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from include.records import read_record, replace_file, write_record
from include.report.build import build_report
from include.report.facts import report_facts
from include.report.news import LATE
from spark_jobs.ranking.alternatives import DEFINITIONS
from spark_jobs.shared import lineage, marks
from spark_jobs.shared.lake import CHOSEN_LISTENS, LISTENS, SESSIONS, TOP_SESSIONS, TOP_SONGS, Lake
from tests import model
from tests.frames import at
from tests.logs import GAP, RUN_DATE

PARAMETERS = {
    "session_gap_minutes": 20,
    "top_sessions": 50,
    "top_songs": 10,
    "window_days": None,
    "minimum_quality_score": 95,
}
SECONDS = {"check_input": None, "data_quality": 12.5, "ranking": 7.5}
CHECKS = ("check_listens", "check_sessions", "check_top_songs")
ANOTHER_GAP = timedelta(minutes=10)
TIME, COUNT = pa.timestamp("us", "UTC"), pa.int64()
SESSION = {
    "session_id": pa.string(),
    "user_id": pa.string(),
    "started_at": TIME,
    "ended_at": TIME,
    "duration_seconds": COUNT,
    "track_count": COUNT,
    "distinct_song_count": COUNT,
    "is_implausible": pa.bool_(),
    "longest_part_10_minutes": COUNT,
    "longest_part_30_minutes": COUNT,
}
SONG = {
    "rank": pa.int32(),
    "artist_name": pa.string(),
    "track_name": pa.string(),
    "play_count": COUNT,
    "session_count": COUNT,
    "listener_count": COUNT,
}
LISTEN = {
    "user_id": pa.string(),
    "listened_at": TIME,
    "artist_id": pa.string(),
    "artist_name": pa.string(),
    "track_id": pa.string(),
    "track_name": pa.string(),
}
CHOSEN = [(name, SESSION[name]) for name in ("user_id", "started_at", "ended_at", "track_count")]
SCHEMAS = {
    LISTENS: LISTEN,
    CHOSEN_LISTENS: {"session": pa.struct(CHOSEN), **LISTEN},
    SESSIONS: SESSION,
    TOP_SESSIONS: {"rank": pa.int32(), **SESSION},
    TOP_SONGS: SONG,
    "alternative_songs": {"definition": pa.string(), **SONG},
    "listeners": {
        "user_id": pa.string(),
        "session_count": COUNT,
        "track_count": COUNT,
        "country": pa.string(),
        "age": pa.int32(),
        "registered_on": pa.date32(),
    },
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
    """Leave listens, sessions, the answer and every stage's record of a full load with nothing to complain about."""
    _leave(lake, lineage.new_log(run_date, [taken_in(run_date)], buckets=1), played, played, parameters)


def finish_daily(lake: Lake, before: list[model.Listen], new: list[model.Listen], run_date: date, **facts: Any) -> None:
    """Leave what `finish` does, of a daily load that has added some listens to those of the day before.

    `facts` stand in the record of what was new, in place of one that says that none was late and no file known.
    """
    base = lineage.read_log(read_record(lake, "data_quality", lineage.base_date(run_date)))
    assert base is not None
    log = lineage.grown_log(base, run_date, [taken_in(run_date)], buckets=1)
    late = dict.fromkeys(("listens", "most_days", *LATE), 0)
    found = {"late": late, "files_changed": [], "files_known": [], **facts}
    _leave(lake, log, [*before, *new], new, PARAMETERS, found)
    analysis = read_record(lake, "session_analysis", run_date)
    made = {"sessions_opened": 3, "sessions_extended": 2, "sessions_joined": 1, "users_first_seen": 1}
    write_record(lake, "session_analysis", run_date, {**analysis, "new": made})


def taken_in(run_date: date) -> lineage.Input:
    return lineage.Input(f"/logs/{run_date}.tsv", 99, 1)


def log_of(lake: Lake, run_date: date = RUN_DATE) -> lineage.Log:
    """The log that a run's record tells of."""
    log = lineage.read_log(read_record(lake, "data_quality", run_date))
    assert log is not None
    return log


def _leave(
    lake: Lake,
    log: lineage.Log,
    played: list[model.Listen],
    new: list[model.Listen],
    parameters: dict[str, Any],
    found: dict[str, Any] | None = None,
) -> None:
    """What `new` there is of all that was `played` stands in the run's own partition."""
    run_date = log.own.run_date
    sessions = model.sessions_of(list(played), GAP)
    within = (run_date, parameters["window_days"]) if parameters["window_days"] else None
    top = model.top_sessions(model.started_in_time(sessions, within), parameters["top_sessions"])
    songs = model.top_songs(sessions, top, parameters["top_songs"])
    counts = {"lines_read": len(new) + 6, "listens_kept": len(new), "lines_rejected": 6}
    quality = {
        "parameters": {"input_path": "/logs/<day>.tsv", "load": lineage.DAILY if found else lineage.FULL},
        "input": {"files": 1, "bytes": 99},
        "rows": counts,
        "quality_score": 99.5,
        "rejected": {"field_count": 4, "duplicate": 2},
        "warnings": {"missing_track_id": 2},
        "log": {"listens": len(played), **_ends(played)},
        "new": found,
        "files": [{"file": "/logs/<day>.tsv", "bytes": 99, **counts}],
        "lineage": log.to_json(),
        **_ends(new),
    }
    write_record(lake, "data_quality", run_date, quality)
    put(lake, LISTENS, [asdict(listen) for listen in new], run_date)
    put(lake, SESSIONS, [asdict(session) for session in sessions], run_date)
    put(lake, TOP_SESSIONS, [{"rank": rank, **asdict(one)} for rank, one in enumerate(top, start=1)], run_date)
    put(lake, TOP_SONGS, [asdict(song) for song in songs], run_date)
    put(lake, CHOSEN_LISTENS, _chosen(sessions, model.sessions_of(list(played), ANOTHER_GAP)), run_date)
    users = len({listen.user_id for listen in played})
    analysis = {"rows": {"users": users, "sessions": len(sessions)}, "new": None}
    write_record(lake, "session_analysis", run_date, analysis)
    write_record(lake, "ranking", run_date, {})
    for check in CHECKS:
        check_says(lake, check, run_date=run_date)


def _chosen(*cuts: dict[model.Session, list[model.Listen]]) -> list[dict[str, Any]]:
    """The listens of the sessions of several cuts, each session once: more than those of the top sessions."""
    listens_of = {tuple(getattr(one, name) for name, _ in CHOSEN): cut[one] for cut in cuts for one in cut}
    names = [name for name, _ in CHOSEN]
    return [
        {"session": dict(zip(names, session, strict=True)), **asdict(listen)}
        for session, listens in listens_of.items()
        for listen in listens
    ]


def _ends(played: list[model.Listen]) -> dict[str, str | None]:
    times = [f"{listen.listened_at:%Y-%m-%dT%H:%M:%SZ}" for listen in played]
    return {"first_listened_at": min(times, default=None), "last_listened_at": max(times, default=None)}


def check_says(
    lake: Lake, check: str, warning: Sequence[str] = (), info: Sequence[str] = (), run_date: date = RUN_DATE
) -> None:
    """A checkpoint of five expectations of which these were not met."""
    statistics = {"evaluated_expectations": 5, "successful_expectations": 5 - len(warning) - len(info)}
    record = {"warning": list(warning), "info": list(info), "validations": [{"statistics": statistics}]}
    write_record(lake, check, run_date, record)


def look_further(
    lake: Lake, alternatives: list[dict[str, Any]], listeners: list[dict[str, Any]], run_date: date = RUN_DATE
) -> None:
    """Leave what a run does beyond the answer: rankings under other definitions, and its listeners' profiles."""
    put(lake, "alternative_songs", alternatives, run_date)
    put(lake, "listeners", listeners, run_date)
    ranked = {row["definition"] for row in alternatives}
    made = {"made": True, "definitions": [name for name in DEFINITIONS if name in ranked], "seconds": 1.5}
    profiles = {"path": "/profiles.tsv", "problem": None}
    write_record(lake, "ranking", run_date, {"alternatives": made, "profiles": profiles})


def put(lake: Lake, dataset: str, rows: list[dict[str, Any]], run_date: date = RUN_DATE) -> None:
    """Publish a partition as made from the run's log."""
    directory = Path(lake.partition(dataset, run_date))
    directory.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(SCHEMAS[dataset])), directory / "part.parquet")
    sizes = {"part.parquet": (directory / "part.parquet").stat().st_size}
    (directory / marks.MARK).write_text(marks.mark_of(sizes, log_of(lake, run_date).log_id))


def facts(lake: Lake, run_date: date = RUN_DATE, parameters: dict[str, Any] = PARAMETERS) -> dict[str, Any]:
    """What a report of this lake would tell; nothing is drawn or written."""
    return report_facts(lake, run_date, parameters, SECONDS)


def leave_facts(lake: Lake, run_date: date, parameters: dict[str, Any] = PARAMETERS) -> Path:
    """Write a report's JSON alone, for a later run date to compare with, and return its path."""
    path = Path(lake.report(run_date)) / "report.json"
    replace_file(path, json.dumps(facts(lake, run_date, parameters)))
    return path


def report(lake: Lake, run_date: date = RUN_DATE, parameters: dict[str, Any] = PARAMETERS) -> Path:
    """Build the report and return its directory."""
    return Path(build_report(lake, run_date, parameters, SECONDS))
