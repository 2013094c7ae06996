"""The pictures of the report of `notes`, in the order of the page."""

from __future__ import annotations

from include.report.notes.activity_picture import activity_picture
from include.report.notes.anomaly_picture import anomaly_picture
from include.report.notes.habit_pictures import active_days_picture
from include.report.notes.load_pictures import correlation_picture, load_times_picture
from include.report.notes.model import NotesReport
from include.report.notes.retention_pictures import average_picture, retention_picture
from include.report.picture import Picture


def pictures(report: NotesReport) -> list[Picture]:
    """Return all pictures; one with nothing to show has a table without a row."""
    return [
        activity_picture(report.daily_engagement),
        anomaly_picture(report.anomalies, len(report.daily_engagement)),
        retention_picture(report.retention, report.average_retention),
        average_picture(report.average_retention),
        active_days_picture(report.active_days),
        load_times_picture(report.load_times),
        correlation_picture(report.device_correlation),
    ]
