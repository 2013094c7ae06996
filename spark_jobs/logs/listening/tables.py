"""The tables of listens and of their sessions, for those who read them by name."""

from __future__ import annotations

from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.shared import log_tables

LISTENS = log_tables.events_table(LISTENING)
REJECTED_RECORDS = log_tables.REJECTED_RECORDS
SESSIONS = log_tables.sessions_table(LISTENING)
