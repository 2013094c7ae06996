"""The report of `doors`, and the files that show it."""

from __future__ import annotations

from include.report.doors.model import DoorCount, DoorsReport
from spark_jobs.door_counts.record import DoorCountsRecord
from spark_jobs.door_counts.tables import DOOR_COUNTS

from include.report.model import RunReport
from include.report.page import common_parts, template_of
from include.report.scan import RunTables
from include.report.text import Nouns
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.publication_record import PublicationRecord

NOUNS = Nouns(record="line", event="passage")
SECTIONS = {"answer": "The doors", "trust": "Can it be trusted?", "made": "How it was made"}


def report_of(
    lake: Lake, tables: RunTables, left: PublicationRecord[DoorCountsRecord], common: RunReport
) -> DoorsReport:
    """Return the report, given what is common to all logs."""
    rows = sorted(tables.rows(DOOR_COUNTS).to_pylist(), key=lambda row: row["door"])
    return DoorsReport(**dict(common), door_counts=tuple(DoorCount(**row) for row in rows))


def answer_files(tables: RunTables, report: DoorsReport) -> dict[str, str]:
    """Return the answer as tab-separated lines, and as a page."""
    lines = ["door\tpassages", *(f"{one.door}\t{one.passages}" for one in report.door_counts)]
    parts = vars(common_parts(report, NOUNS))
    page = template_of("doors", "report.html.j2").render(dict(report), **parts, sections=SECTIONS)
    return {"door_counts.tsv": "".join(f"{line}\n" for line in lines), "report.html": page}
