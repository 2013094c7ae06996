"""The contract of a log of doors: whose badge opened which door, and when."""

from __future__ import annotations

from datetime import date, timedelta

from spark_jobs.contract import LogContract, Plausible, Reason, Records, Sessions, TabSeparated, Warning
from spark_jobs.fields import Choice, Field, Text, Time

PASSAGES = Records(
    "passages",
    fields=(
        Field("time", Time(fraction_digits=(3,)), stored_as="passed_at"),
        Field("badge", Text()),
        Field("door", Choice(("FRONT", "BACK")), required=False),
    ),
    reasons=(
        Reason("field_count", "The line has not exactly three fields."),
        Reason("missing_badge", "The badge is empty."),
        Reason("invalid_time", "The time is none, or implausible."),
        Reason("duplicate", "Another line says the same."),
    ),
    warnings=(Warning("unknown_door", "The door is not one that there is; it is stored as null."),),
    same=("badge", "passed_at", "door"),
    time="passed_at",
    plausible=Plausible(since=date(2002, 1, 1)),
    order=("door",),
)

DOORS = LogContract(
    name="doors",
    format=TabSeparated(),
    events=PASSAGES,
    sessions=Sessions(
        gap=timedelta(minutes=5),
        events="passage_count",
        distinct=(("distinct_door_count", ("door",)),),
        each="door",
    ),
    answers="door_counts",
    answer="door_counts",
    user="badge",
    example="2009-05-01T12:00:00.250Z\tann\tFRONT",
)
