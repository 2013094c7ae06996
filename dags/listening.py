"""
# The top songs of the longest listening sessions

Every day, from the listening log: which songs were played most in the longest listening sessions, and the proof
that the data behind the answer was good.

| task | what it makes |
| --- | --- |
| `check_input` | the list of files to read; it fails in seconds when there is nothing to read, or nowhere to write |
| `data_quality` | `listens` and `rejected_records`: every line is kept, or rejected with its reason |
| `check_listens` | the proof: schema, nulls, plausible times, quality score |
| `session_analysis` | `sessions`: a pause longer than the gap opens a new one |
| `check_sessions` | the proof: unique, in order, together all the listens |
| `ranking` | `top_sessions`, `top_songs`, `chosen_…`; `alternative_songs` and `listeners` where asked for |
| `check_top_songs` | the proof: ranks without holes, plays in order |
| `publish` | nothing new: readers see the snapshots that were checked, under the tag of the run date |
| `report` | `listening/reports/run_date=…/`: `top_songs.tsv`, `report.html`, `report.json`, `report.md` |
| `release_lock` | the end: from then on another run may write the log; it runs after a failure, too |
"""

from __future__ import annotations

from airflow.sdk import chain

from plugins.log_dag import LogDag
from spark_jobs.logs.listening.contract import LISTENING

listening = LogDag(LISTENING, published=("top_sessions", "top_songs"))


@listening.dag(doc_md=__doc__)
def top_songs_of_the_longest_sessions() -> None:
    """Build, check, publish: each stage's checkpoint stands before the next stage, and all of them before readers."""
    chain(
        listening.check_input(),
        listening.spark_job("data_quality"),
        listening.checkpoint("listens"),
        listening.spark_job("session_analysis"),
        listening.checkpoint("sessions"),
        listening.spark_job("ranking"),
        listening.checkpoint("top_songs", "top_sessions"),
        listening.publish(),
        listening.report(),
        listening.release_lock(),
    )


top_songs_of_the_longest_sessions()
