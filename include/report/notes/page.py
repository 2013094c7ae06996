"""The report of `notes` for people: as a page of its own, and as a few lines for a chat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from jinja2 import Template

from include.report.notes import changes, sentences
from include.report.notes.activity_picture import row_of
from include.report.notes.anomaly_picture import z_of
from include.report.notes.model import Measured, NotesReport, PowerUser, Segment, SessionMeans
from include.report.notes.pictures import pictures
from include.report.notes.words import KINDS, METRICS, NOUNS, measured, segment_name, short_day, user_name
from include.report.numbers import difference, percent, points, seconds
from include.report.page import NONE, common_parts, template_of
from include.report.picture import Table

# In the page; the JSON has more of them, the answers' files have all.
USERS_SHOWN, SEGMENTS_SHOWN, UNUSUAL_SHOWN, LONGEST_SENTENCE = 10, 10, 12, 300
SECTIONS = {
    "answer": "The answer",
    "activity": "Active users",
    "unusual": "Unusual days",
    "retention": "Who comes back",
    "sessions": "Sessions and segments",
    "habits": "How much users do",
    "loads": "Load times",
    "trust": "What was rejected, and why",
    "new": "What was new",
    "changed": "What changed most",
    "made": "How it was made",
}
Rows = list[tuple[str | int, ...]]


@dataclass(frozen=True)
class Headline:
    """A number that the answer begins with: what it is, and how it has changed since the answer before."""

    what: str
    value: str
    change: str


@dataclass(frozen=True)
class SegmentTable:
    """The segments of one kind: what the kind is, and its rows."""

    kind: str
    rows: Rows


def render_html(report: NotesReport) -> str:
    """Return the report as one page that needs nothing else; names are shown as text, whatever they hold."""
    return _template("report.html.j2").render(
        dict(report),
        **vars(common_parts(report, NOUNS, pictures(report))),
        **_said(report),
        sections=_sections(report),
        headlines=headlines(report),
        day_rows=day_rows(report),
        session_rows=_session_rows(report),
        segment_tables=_segment_tables(report),
        user_rows=[_user_row(one) for one in report.power_users[:USERS_SHOWN]],
        unusual_rows=[_unusual_row(one) for one in sentences.unusual(report)],
        has_week=any(one.week for one in report.average_retention),
        bounced=percent(report.summary.bounce_rate),
    )


def render_markdown(report: NotesReport) -> str:
    """Return verdict, score, the answer, what is unusual and what changed, for a chat that knows Markdown."""
    parts = vars(common_parts(report, NOUNS))
    return _template("report.md.j2").render(
        dict(report),
        **parts,
        **_said(report),
        headlines=headlines(report),
        unusual=[sentences.unusual_says(one) for one in sentences.unusual(report, report.run_date)],
    )


def _template(name: str) -> Template:
    shown = {"SEGMENTS_SHOWN": SEGMENTS_SHOWN, "UNUSUAL_SHOWN": UNUSUAL_SHOWN, "SENTENCE": LONGEST_SENTENCE}
    return template_of("notes", name, FEWEST=changes.FEWEST, **shown)


def _said(report: NotesReport) -> dict[str, object]:
    since = report.since_previous
    return {
        "lead": sentences.lead(report),
        "changed": [sentences.change_says(change) for change in since.changes] if since else [],
    }


def _sections(report: NotesReport) -> dict[str, str]:
    """The sections there is something to say in."""
    is_long = len(report.daily_engagement) > 1
    has_content = {
        # A single day is no line to look at, and the answer has it.
        "activity": is_long,
        "unusual": is_long,
        "retention": report.retention,
        "sessions": report.all_sessions.sessions,
        "habits": any(one.users for one in report.active_days),
        "loads": report.load_times,
        "new": report.new,
        "changed": report.since_previous,
    }
    return {name: title for name, title in SECTIONS.items() if has_content.get(name, True)}


def headlines(report: NotesReport) -> list[Headline]:
    """Return the main numbers of the run date, with what has changed since the answer before."""
    now, then = report.summary, report.since_previous.summary if report.since_previous else None
    windows = {"dau": "daily active users", "wau_7d": "active in 7 days", "mau_28d": "active in 28 days"}
    counts = [
        Headline(what, f"{getattr(now, name):,}", difference(getattr(then, name), getattr(now, name)) if then else "")
        for name, what in windows.items()
    ]
    changed = points(then.stickiness, now.stickiness) if then else ""
    return [*counts, Headline("stickiness", percent(now.stickiness), changed)]


def day_rows(report: NotesReport) -> Table:
    """Return the run date, the day before and the one a week before, as far as the log has them."""
    found = {one.day: one for one in report.daily_engagement}
    wanted = [report.run_date - timedelta(days=number) for number in (0, 1, 7)]
    return [row_of(found[one]) for one in wanted if one in found]


def _session_rows(report: NotesReport) -> Rows:
    named = {"All sessions": report.all_sessions, "Of two and more interactions": report.sessions_of_several}
    return [_session_row(name, one) for name, one in named.items()]


def _session_row(name: str, one: SessionMeans) -> tuple[str | int, ...]:
    mean = NONE if one.mean_interactions is None else f"{one.mean_interactions:,.1f}"
    return (name, one.sessions, seconds(one.mean_duration_seconds), seconds(one.mean_active_seconds), mean)


def _segment_tables(report: NotesReport) -> list[SegmentTable]:
    return [
        SegmentTable(name, [_segment_row(one, report.summary.users) for one in report.segments if one.kind == kind])
        for kind, name in KINDS.items()
    ]


def _segment_row(one: Segment, users: int) -> tuple[str | int, ...]:
    return (
        segment_name(one.kind, one.segment),
        one.users,
        percent(one.bounce_rate),
        seconds(one.mean_duration_seconds),
        one.sessions,
        percent(one.users / users if users else None),
    )


def _user_row(one: PowerUser) -> tuple[str | int, ...]:
    hours = f"{one.active_hours:,.1f}"
    return (user_name(one.user_id), one.rank, hours, one.active_days, percent(one.share_of_active_time))


def _unusual_row(one: Measured) -> tuple[str | int, ...]:
    known = (one.value, one.mean, one.same_weekday_week_before)
    value, mean, week_before = (measured(one.metric, number) for number in known)
    return (f"{short_day(one.day)}: {METRICS[one.metric].lower()}", value, mean, z_of(one), week_before)
