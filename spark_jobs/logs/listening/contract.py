"""The contract of the log of a music service: who listened to which song, and when."""

from __future__ import annotations

from datetime import date, timedelta

from spark_jobs.contract import Implausible, LogContract, Plausible, Reason, Records, Sessions, TabSeparated, Warning
from spark_jobs.fields import Field, Text, Time, Uuid
from spark_jobs.limits import Limit, Parameter

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

# The full LastFM-1K log lacks 3.14 % of the artist ids and 11.32 % of the track ids; its single users differ, so the
# limits are three times that. Its sessions have 18.38 tracks (mean) and last 34.98 minutes (median).
LIMITS = (
    Limit(
        "maximum_missing_artist_id_percent",
        10,
        "percent",
        "percent; more listens without a MusicBrainz artist id degrade",
    ),
    Limit(
        "maximum_missing_track_id_percent",
        35,
        "percent",
        "percent; more listens without a MusicBrainz track id degrade",
    ),
    Limit("maximum_name_length", 1000, "count", "characters; a longer artist name or track name degrades"),
    Limit(
        "user_id_pattern",
        r"^user_\d{6}$",
        "pattern",
        "a regular expression (of Java); a user id of another form degrades",
    ),
    Limit(
        "minimum_listens_percent_of_previous",
        50,
        "ratio",
        "percent of the listens of the run date before; fewer degrade",
    ),
    Limit(
        "maximum_users_gone_percent",
        5,
        "percent",
        "percent of the users of the run date before; more that have no session now degrade",
    ),
    Limit(
        "maximum_newest_listen_age_days",
        2,
        "amount",
        "days from the newest listen to the end of the run date; more degrade",
    ),
    Limit("minimum_mean_session_tracks", 4, "amount", "tracks a session has on average; fewer degrade"),
    Limit("maximum_mean_session_tracks", 80, "amount", "tracks a session has on average; more degrade"),
    Limit("maximum_median_session_minutes", 240, "amount", "minutes a session lasts, the median; more degrade"),
    Limit(
        "maximum_p99_session_tracks_per_minute",
        3,
        "amount",
        "tracks a minute that 99 % of the sessions keep to; more degrade",
    ),
    Limit(
        "maximum_implausible_sessions_percent",
        0.5,
        "percent",
        "percent of all sessions; more implausible ones degrade",
    ),
)

PARAMETERS = (
    Parameter("top_sessions", 50, "number", "How many of the longest sessions to look at", highest=10_000),
    Parameter("top_songs", 10, "number", "How many songs to name", highest=1_000),
    Parameter(
        "window_days",
        None,
        "number",
        "Rank only sessions that started in the last so many days up to the run date's end, the run date among them; "
        "empty for all sessions; in days",
        highest=36_500,
        setting="a run ranks only sessions that started in so many days up to its date's end, if its parameter does "
        "not say otherwise; without it: all",
    ),
    Parameter(
        "alternatives", True, "yes or no", "Also rank under other definitions of a session and a song: yes or no."
    ),
    Parameter(
        "profiles_path",
        None,
        "path",
        "The users' profiles, to tell who listens: a file below the input root, or empty for none.",
        setting="profiles of the users that a run reads if its parameter does not say; without it: none",
    ),
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
    limits=LIMITS,
    parameters=PARAMETERS,
    # The name under which LastFM-1K is published.
    example="user_000001\t2009-05-04T23:08:57Z\t\tAn Artist\t\tA Song",
    input_path="userid-timestamp-artid-artname-traid-traname.tsv",
)
