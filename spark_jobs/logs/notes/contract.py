"""The contract of the log of a note-taking app: interactions with pages, and the users they are of."""

from __future__ import annotations

from datetime import date, timedelta

from spark_jobs.contract import Csv, LogContract, Plausible, Reason, Records, Sessions, Warning, invalid, missing
from spark_jobs.fields import Choice, Day, Field, Integer, Text, Time
from spark_jobs.limits import Limit

CSV = Csv()
PAGE_VIEW = "page_view"
ACTIONS = (PAGE_VIEW, "edit", "create", "delete", "share")
# 1.10.2: three numbers without leading zeros, ordered as numbers.
VERSION = r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
NO_CONTROL_CHARACTER = r"[^\x00-\x1f\x7f-\x9f]+"
A_DAY, TEN_MINUTES = 86_400_000, 600_000

UNREADABLE = (
    Reason("invalid_encoding", "The record is not valid UTF-8."),
    Reason("malformed_csv", "A quote never closes, and the record is the rest of its file; or it has over a megabyte."),
    Reason("field_count", "The record has not as many fields as its header; an empty line counts."),
)
DUPLICATE = Reason("duplicate", "Another record has the same values.")

_INTERACTION_FIELDS = (
    Field("user_id", Text(longest=64, pattern=NO_CONTROL_CHARACTER)),
    Field("timestamp", Time(fraction_digits=(0, 3)), stored_as="occurred_at"),
    Field("action_type", Choice(ACTIONS)),
    Field("page_id", Text(longest=128)),
    Field("duration_ms", Integer(0, A_DAY), required=False),
    Field("load_ms", Integer(0, TEN_MINUTES), required=False),
    Field("app_version", Text(pattern=VERSION)),
)
INTERACTIONS = Records(
    "interactions",
    fields=_INTERACTION_FIELDS,
    reasons=(
        *UNREADABLE,
        *missing(_INTERACTION_FIELDS),
        Reason("invalid_user_id", "The user is longer than 64 characters, or has a control character."),
        Reason("invalid_timestamp", "The time is not ISO-8601 with a zone, and no fraction or three digits of it."),
        Reason("invalid_action_type", f"The action is not one of {', '.join(ACTIONS)}."),
        Reason("invalid_page_id", "The page is longer than 128 characters."),
        Reason("invalid_duration_ms", "The duration is not a number of milliseconds, a day at most."),
        Reason("invalid_load_ms", "The load time is no number of milliseconds up to 600,000, or not of a page_view."),
        Reason("invalid_app_version", "The version is not three numbers such as 1.10.2."),
        Reason("implausible_time", "The time is before 2005, or after the day that follows the run date (UTC)."),
        DUPLICATE,
    ),
    warnings=(
        Warning("unknown_user", "No accepted record of users is of this user.", across=True),
        Warning("before_join_date", "The interaction is from before the user joined.", across=True),
        Warning("longer_than_8_hours", "One interaction lasted more than eight hours."),
    ),
    same=tuple(one.column for one in _INTERACTION_FIELDS),
    time="occurred_at",
    plausible=Plausible(since=date(2005, 1, 1)),
    type_field="action_type",
    order=("action_type", "page_id", "duration_ms", "load_ms", "app_version"),
)

_USER_FIELDS = (
    Field("user_id", Text(longest=64, pattern=NO_CONTROL_CHARACTER)),
    Field("join_date", Day()),
    Field("country", Text(pattern="[A-Z]{2}")),
    Field("device_type", Choice(("phone", "tablet", "desktop"))),
    Field("device_year", Integer(2005, 2100)),
    Field("subscription_type", Choice(("free", "basic", "premium"))),
)
USERS = Records(
    "users",
    fields=_USER_FIELDS,
    reasons=(
        *UNREADABLE,
        *missing(_USER_FIELDS),
        *invalid(_USER_FIELDS),
        Reason("implausible_time", "The join date is before 2005, or after the day that follows the run date (UTC)."),
        DUPLICATE,
        Reason("conflicting_user", "Another record of the same user comes first, by join date and then all values."),
    ),
    same=tuple(one.column for one in _USER_FIELDS),
    time="join_date",
    plausible=Plausible(since=date(2005, 1, 1)),
    order=("country", "device_type", "device_year", "subscription_type"),
    conflicting="conflicting_user",
)

# Wide around what the generated log has, which is all that was measured. An app sets its own.
LIMITS = (
    Limit("maximum_unknown_users_percent", 5, "percent", "percent of the interactions; more of unknown users degrade"),
    Limit(
        "maximum_before_join_percent",
        2,
        "percent",
        "percent of the interactions; more from before their user joined degrade",
    ),
    Limit(
        "maximum_longer_than_8_hours_percent",
        1,
        "percent",
        "percent of the interactions; more that last longer than 8 hours degrade",
    ),
    Limit(
        "maximum_rejected_percent",
        10,
        "percent",
        "percent of the records of one kind; more that are rejected degrade, however many the other kind has",
    ),
    Limit(
        "minimum_load_times_percent",
        50,
        "percent",
        "percent of the interactions that are page_view; fewer with a load time degrade",
    ),
    Limit("minimum_page_views_percent", 10, "percent", "percent of the interactions; fewer page_view degrade"),
    Limit("maximum_deletes_percent", 20, "percent", "percent of the interactions; more delete degrade"),
    Limit(
        "maximum_share_change_points",
        10,
        "percent",
        "points that an action's share of the interactions may differ from that of the run date before; more degrade",
    ),
    Limit(
        "maximum_dau_change_percent",
        50,
        "ratio",
        "percent of the daily active users a week before; a larger change from them degrades",
    ),
)

NOTES = LogContract(
    name="notes",
    format=CSV,
    events=INTERACTIONS,
    others=(USERS,),
    sessions=Sessions(
        gap=timedelta(minutes=30),
        events="interaction_count",
        distinct=(("distinct_page_count", ("page_id",)),),
        each="action_type",
        lasts="duration_ms",
    ),
    answers="engagement",
    answer="daily_engagement",
    limits=LIMITS,
)
