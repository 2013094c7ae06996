"""One record of one kind: its row, or the first reason against it that it shows by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from tests.notes_model import values
from tests.notes_model.csv_records import Record
from tests.notes_model.rows import ACTIONS, DEVICES, SUBSCRIPTIONS, Interaction, Row, User
from tests.notes_model.values import Reader, is_blank

EARLIEST = datetime(2005, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Field:
    name: str
    read: Reader
    required: bool = True


FIELDS = {
    "interactions": (
        Field("user_id", values.name(64)),
        Field("timestamp", values.time),
        Field("action_type", values.one_of(*ACTIONS)),
        Field("page_id", values.text(128)),
        Field("duration_ms", values.number(0, 86_400_000), required=False),
        Field("load_ms", values.number(0, 600_000), required=False),
        Field("app_version", values.version),
    ),
    "users": (
        Field("user_id", values.name(64)),
        Field("join_date", values.day),
        Field("country", values.country),
        Field("device_type", values.one_of(*DEVICES)),
        Field("device_year", values.number(2005, 2100)),
        Field("subscription_type", values.one_of(*SUBSCRIPTIONS)),
    ),
}
NAMES = {kind: tuple(one.name for one in fields) for kind, fields in FIELDS.items()}


def judge_record(kind: str, header: list[str], record: Record, run_date: date) -> str | Row:
    """Return the first reason to reject a record, or its row.

    Bytes that are no UTF-8 come first, also in a column that is ignored, and also behind a quote that never closes.
    """
    if not record.is_utf_8:
        return "invalid_encoding"
    if record.open_quote:
        return "malformed_csv"
    if len(record.fields) != len(header):
        return "field_count"
    texts = dict(zip(header, record.fields, strict=True))
    reasons = [f"missing_{one.name}" for one in FIELDS[kind] if one.required and is_blank(texts[one.name])]
    content, invalid = _read(kind, texts)
    reasons += [f"invalid_{name}" for name in invalid]
    if reasons:
        return reasons[0]
    row = Interaction(**content) if kind == "interactions" else User(**content)
    return row if _is_plausible(row, run_date) else "implausible_time"


def _read(kind: str, texts: dict[str, str]) -> tuple[dict[str, object], list[str]]:
    """Return the valid values by column, and the names of the invalid ones in order. A blank value is none."""
    content, invalid = {}, []
    for one in FIELDS[kind]:
        column = "occurred_at" if one.name == "timestamp" else one.name
        try:
            content[column] = None if is_blank(texts[one.name]) else one.read(texts[one.name])
        except ValueError:
            invalid.append(one.name)
    if kind == "interactions" and content.get("load_ms") is not None and texts["action_type"] != "page_view":
        invalid.append("load_ms")
    return content, [one.name for one in FIELDS[kind] if one.name in invalid]


def _is_plausible(row: Row, run_date: date) -> bool:
    """Say whether a time lies between 2005 and the day after the run date, both included."""
    moment = row.occurred_at if isinstance(row, Interaction) else datetime.combine(row.join_date, time(), UTC)
    return EARLIEST <= moment < datetime.combine(run_date, time(), UTC) + timedelta(days=2)
