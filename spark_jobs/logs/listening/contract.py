"""The contract of the log of a music service: who listened to which song, and when."""

from __future__ import annotations

from datetime import date, timedelta

from spark_jobs.contract import Implausible, LogContract, Plausible, Reason, Records, Sessions, TabSeparated, Warning
from spark_jobs.fields import Field, Text, Time, Uuid

PLAUSIBLE = Plausible(since=date(2002, 1, 1))

LISTENS = Records(
    "listens",
    fields=(
        Field("user_id", Text()),
        Field("timestamp", Time(leap_seconds=True), stored_as="listened_at"),
        Field("artist_id", Uuid(as_it_came=True), required=False),
        Field("artist_name", Text()),
        Field("track_id", Uuid(as_it_came=True), required=False),
        Field("track_name", Text()),
    ),
    reasons=(
        Reason("invalid_encoding", "The line is not valid UTF-8."),
        Reason("field_count", "The line has not exactly six fields; an empty line counts."),
        Reason("missing_user_id", "The user is empty or nothing but white space."),
        Reason("missing_timestamp", "The time is empty."),
        Reason("invalid_timestamp", "The time is not an ISO-8601 date, time to the second and zone."),
        Reason("implausible_timestamp", "The time is before 2002, or after the day that follows the run date (UTC)."),
        Reason("missing_artist_name", "The artist's name is empty or nothing but white space."),
        Reason("missing_track_name", "The track's name is empty or nothing but white space."),
        Reason("duplicate", "A listen of the same user, second, artist and track is kept already."),
    ),
    warnings=(
        Warning("missing_artist_id", "The artist has no MusicBrainz id."),
        Warning("missing_track_id", "The track has no MusicBrainz id."),
        Warning("malformed_artist_id", "The artist's MusicBrainz id is not a UUID; it is stored as null."),
        Warning("malformed_track_id", "The track's MusicBrainz id is not a UUID; it is stored as null."),
    ),
    same=("user_id", "listened_at", "artist_name", "track_name"),
    time="listened_at",
    plausible=PLAUSIBLE,
    order=("artist_name", "track_name", "artist_id", "track_id"),
    varied=("track_id", "track_name"),
)

LISTENING = LogContract(
    name="listening",
    format=TabSeparated(),
    events=LISTENS,
    sessions=Sessions(
        gap=timedelta(minutes=20),
        events="track_count",
        distinct=(("distinct_song_count", ("artist_name", "track_name")),),
        implausible=Implausible(events_per_minute=3, over_at_least=30, longest=timedelta(days=3)),
    ),
    answers="ranking",
    answer="top_songs",
)
