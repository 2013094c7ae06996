"""How many records a job that still runs has read: those that its ended tasks have handed on.

A task that reads records hands each of them to the shuffle that brings them to their buckets. Of the tries of a task
the one that ended well counts: Spark's own sums have those of failed tries, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from include.telemetry.connect_costs import ALL, ask_server, client_of
from include.telemetry.event_logs import DIRECTORY, MARK, local_directory
from include.telemetry.spark_costs import has_property
from spark_jobs.lake.tags import JUDGES

Event = dict[str, Any]


class OfEventLog:
    """The records of the application that writes its event log with these settings; call it again and again."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.directory, self.mark = local_directory(settings.get(DIRECTORY, "")), settings.get(MARK)
        self.log: Path | None = None
        self.place = 0
        self.stages: set[int] = set()
        self.records: dict[tuple[int, int], int] = {}

    def __call__(self) -> int | None:
        """Return the records read so far; None where the log is not to be found."""
        self.log = self.log or self._find()
        if self.log is None:
            return None
        for event in self._new_events():
            if event["Event"] == "SparkListenerJobStart" and JUDGES in event["Properties"].get("spark.job.tags", ""):
                self.stages.update(event["Stage IDs"])
            elif event["Event"] == "SparkListenerTaskEnd" and event["Stage ID"] in self.stages:
                self._count(event)
        return sum(self.records.values())

    def _find(self) -> Path | None:
        if self.directory is None or self.mark is None:
            return None
        newest_first = sorted(self.directory.glob("*.inprogress"), key=lambda file: -file.stat().st_mtime)
        return next((file for file in newest_first if has_property(file, MARK, self.mark)), None)

    def _new_events(self) -> Iterator[Event]:
        if self.log is None or not self.log.exists():
            return
        with self.log.open("rb") as content:
            content.seek(self.place)
            for line in content:
                # The last one may be written only in part.
                if not line.endswith(b"\n"):
                    return
                self.place += len(line)
                yield json.loads(line)

    def _count(self, event: Event) -> None:
        metrics = event.get("Task Metrics")
        if event["Task End Reason"]["Reason"] == "Success" and metrics and metrics["Input Metrics"]["Records Read"]:
            handed_on = metrics["Shuffle Write Metrics"]["Shuffle Records Written"]
            self.records[event["Stage ID"], event["Task Info"]["Index"]] = handed_on


def of_session(ui: str, session_id: str) -> int:
    """Return the records that a session's job at a Spark Connect server has read so far.

    `ui`: the address of the server's UI. Raises OSError if it does not answer, ValueError if its answer is no JSON.
    """
    with client_of(ui) as client:
        (application,) = ask_server(client, "applications")
        ask = partial(ask_server, client, f"applications/{application['id']}/")
        mark = f"_Session_{session_id}_Tag_{JUDGES}"
        ours = [job for job in ask("jobs") if any(tag.endswith(mark) for tag in job["jobTags"])]
        numbers = sorted({number for job in ours for number in job["stageIds"]})
        records: dict[tuple[int, int], int] = {}
        for stage in ask("stages", details="false"):
            if stage["stageId"] in numbers and stage["inputRecords"]:
                place = f"stages/{stage['stageId']}/{stage['attemptId']}/taskList"
                records |= _handed_on(stage["stageId"], ask(place, length=ALL))
    return sum(records.values())


def _handed_on(stage: int, tasks: list[Event]) -> dict[tuple[int, int], int]:
    """Return what each task of a stage that ended well has read and handed on."""
    return {
        (stage, task["index"]): task["taskMetrics"]["shuffleWriteMetrics"]["recordsWritten"]
        for task in tasks
        if task["status"] == "SUCCESS" and task["taskMetrics"]["inputMetrics"]["recordsRead"]
    }
