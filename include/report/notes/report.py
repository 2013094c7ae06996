"""The report of `notes`, gathered from the tables of a run, and the files that show it."""

from __future__ import annotations

from include.report.model import RunReport
from include.report.notes import answers
from include.report.notes.changes import since_previous
from include.report.notes.files import FILES, answer_texts
from include.report.notes.model import NotesReport
from include.report.notes.page import render_html, render_markdown
from include.report.scan import RunTables
from spark_jobs.engagement.record import EngagementRecord
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.publication_record import PublicationRecord


def report_of(
    lake: Lake, tables: RunTables, left: PublicationRecord[EngagementRecord], common: RunReport
) -> NotesReport:
    """Return the report, given what is common to all logs."""
    days, segments, cohorts = answers.days(tables), answers.segments(tables), answers.cohorts(tables)
    power_users, power_user_count = answers.power_users(tables)
    every, several = answers.session_means(tables)
    report = NotesReport(
        **dict(common),
        daily_engagement=days,
        summary=answers.summary(days, segments),
        retention=cohorts,
        average_retention=answers.averages(cohorts),
        active_days=answers.active_days(tables),
        power_users=power_users,
        power_user_count=power_user_count,
        segments=segments,
        all_sessions=every,
        sessions_of_several=several,
        load_times=answers.load_times(tables),
        device_correlation=answers.correlations(tables),
        anomalies=answers.metrics(tables),
        since_previous=None,
    )
    return report.model_copy(update={"since_previous": since_previous(lake, report)})


def answer_files(tables: RunTables, report: NotesReport) -> dict[str, str]:
    """Return the answers as tab-separated lines, as a page, and as a few lines for a chat."""
    return {
        **answer_texts({answer.name: tables.rows(answer) for answer in FILES}),
        "report.html": render_html(report),
        "report.md": render_markdown(report),
    }
