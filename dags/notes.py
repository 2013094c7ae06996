"""
# Engagement with a note-taking app

Every day, from the interactions with the app: how many users are active, how many come back, what sessions are like,
and how fast pages load; and the proof that the data behind it was good.

| task | what it makes |
| --- | --- |
| `check_input` | the list of files to read; it fails in seconds when there is nothing to read, or nowhere to write |
| `data_quality` | `interactions`, `users` and `rejected_records`: no record is lost |
| `check_interactions` | the proof: schema, nulls, plausible times, quality score, few odd records, load times |
| `session_analysis` | `sessions`: a pause longer than the gap opens a new one |
| `check_sessions` | the proof: unique, in order, together all the interactions, actions in their usual shares |
| `engagement` | `session_outcomes` and the answers: activity, retention, segments, load times, anomalies |
| `check_daily_engagement` | the proof: no window is smaller than one within it, and all answers agree to the user |
| `publish` | nothing new: readers see the snapshots that were checked, under the tag of the run date |
| `report` | `notes/reports/run_date=…/`: the answers as `.tsv`, `report.html`, `report.json`, `report.md` |
| `release_lock` | the end: from then on another run may write the log; it runs after a failure, too |
"""

from __future__ import annotations

from airflow.sdk import chain

from plugins.log_dag import LogDag
from spark_jobs.logs.notes.contract import NOTES

ACTIVITY = ("active_days", "power_users", "retention", "anomalies")
SEGMENTS = ("country_segments", "device_segments", "subscription_segments")
LOADS = ("load_times", "device_correlation")

notes = LogDag(NOTES, published=(*ACTIVITY, *SEGMENTS, *LOADS, "warnings", "daily_engagement"))


@notes.dag(doc_md=__doc__)
def engagement_with_notes() -> None:
    """Build, check, publish: each stage's checkpoint stands before the next stage, and all of them before readers."""
    chain(
        notes.check_input(),
        notes.spark_job("data_quality"),
        notes.checkpoint("interactions"),
        notes.spark_job("session_analysis"),
        notes.checkpoint("sessions"),
        notes.spark_job("engagement"),
        notes.checkpoint("daily_engagement", *ACTIVITY, *SEGMENTS, *LOADS, "sessions"),
        notes.publish(),
        notes.report(),
        notes.release_lock(),
    )


engagement_with_notes()
