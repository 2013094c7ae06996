"""The tables of `notes` that the contract gives: its accepted records, and their sessions."""

from __future__ import annotations

from spark_jobs.logs.notes.contract import NOTES
from spark_jobs.shared.log_tables import kind_table, sessions_table

INTERACTIONS, USERS = (kind_table(NOTES, records) for records in NOTES.kinds)
SESSIONS = sessions_table(NOTES)
