"""The tables of the log of listens: what the three jobs write, in the order in which a run is published."""

from __future__ import annotations

from spark_jobs.lake.tables import Table
from spark_jobs.shared import schemas

LISTENS = Table("listens", schemas.LISTENS, bucketed_by="user_id", varied=("track_id", "track_name"))
REJECTED_RECORDS = Table("rejected_records", schemas.REJECTED_RECORDS, split_by="reason")
SESSIONS = Table("sessions", schemas.SESSIONS, bucketed_by="user_id")
TOP_SESSIONS = Table("top_sessions", schemas.TOP_SESSIONS)
CHOSEN_SESSIONS = Table("chosen_sessions", schemas.CHOSEN_SESSIONS)
CHOSEN_LISTENS = Table("chosen_listens", schemas.CHOSEN_LISTENS)
ALTERNATIVE_SONGS = Table("alternative_songs", schemas.ALTERNATIVE_SONGS)
LISTENERS = Table("listeners", schemas.LISTENERS)
TOP_SONGS = Table("top_songs", schemas.TOP_SONGS)

# A run date counts as published when its answer, the last one, is.
ANSWER = TOP_SONGS
TABLES = (
    LISTENS,
    REJECTED_RECORDS,
    SESSIONS,
    TOP_SESSIONS,
    CHOSEN_SESSIONS,
    CHOSEN_LISTENS,
    ALTERNATIVE_SONGS,
    LISTENERS,
    ANSWER,
)
