"""Lines that are no listens, and listens that are written oddly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np

# Generated users are numbered from 1: what the odd lines add to a log is a user of its own.
ODD_USER = b"user_000000"
_ARTIST_ID = b"f1b1cf71-bd35-4e99-8624-24a6e15f133a"
_TRACK_ID = b"f7c1f8f8-b935-45ed-8fc8-7def69d92a10"


def _odd(
    *,
    user: bytes = ODD_USER,
    at: bytes = b"2008-02-29T12:00:00Z",
    artist_id: bytes = _ARTIST_ID,
    artist: bytes = b"Odd Artist",
    track_id: bytes = _TRACK_ID,
    track: bytes = b"Odd Track",
) -> bytes:
    return b"\t".join((user, at, artist_id, artist, track_id, track))


# One line for every reason to reject one, then one for every warning and normalisation. Three of them are listens:
# the first of the two that are the same, and the last two.
ODD_LINES = (
    _odd(track=b"Broken \xff\xfe bytes"),
    ODD_USER + b"\tfive\tfields\tare\tnot enough",
    b"",
    _odd(user=b" "),
    _odd(at=b""),
    _odd(at=b"2008-02-30T12:00:00Z"),
    _odd(at=b"2008-02-29 12:00:00"),
    _odd(at=b"1970-01-01T00:00:00Z"),
    _odd(artist=b""),
    _odd(track=b"\xe2\x80\x83"),
    _odd(),
    _odd(),
    _odd(at=b"2008-02-29T13:04:00+01:00", artist_id=b"not-a-uuid"),
    _odd(at=b"2005-12-31T23:59:60Z", track_id=b""),
)
ODD_LINES_REJECTED = {
    "invalid_encoding": 1,
    "field_count": 2,
    "missing_user_id": 1,
    "missing_timestamp": 1,
    "invalid_timestamp": 2,
    "implausible_timestamp": 1,
    "missing_artist_name": 1,
    "missing_track_name": 1,
    "duplicate": 1,
}
# The three listens, newest first. Fixed times: plausible for every run date after them.
ODD_LISTENS = np.array(
    [
        int(datetime(*at, tzinfo=UTC).timestamp())
        for at in ((2008, 2, 29, 12, 4), (2008, 2, 29, 12, 0), (2006, 1, 1, 0, 0))
    ]
)
ODD_SONG = b"\tOdd Artist\t\tOdd Track"

_DAMAGES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "invalid_encoding": lambda fields: [*fields[:5], fields[5] + b" \xc3"],
    "field_count": lambda fields: fields[:5],
    "missing_user_id": lambda fields: [b"", *fields[1:]],
    "missing_timestamp": lambda fields: [fields[0], b"", *fields[2:]],
    "invalid_timestamp": lambda fields: [fields[0], fields[1].replace(b"T", b" "), *fields[2:]],
    "implausible_timestamp": lambda fields: [fields[0], b"1970-01-01T00:00:00Z", *fields[2:]],
    "missing_artist_name": lambda fields: [*fields[:3], b"", *fields[4:]],
    "missing_track_name": lambda fields: [*fields[:5], b" "],
    "duplicate": lambda fields: fields,
}
REASONS = tuple(_DAMAGES)


def with_damaged_lines(halves: list[bytes], numbers: range) -> list[bytes]:
    """Put a damaged copy behind as many lines as there are numbers, evenly spread; a number chooses the reason.

    A line comes in two halves, the second with its end.
    """
    result, done = [], 0
    for at, number in enumerate(numbers):
        place = 2 * (at * (len(halves) // 2) // len(numbers)) + 2
        result += halves[done:place]
        done = place
        fields = b"".join(halves[place - 2 : place]).rstrip(b"\n").split(b"\t")
        result.append(b"\t".join(_DAMAGES[REASONS[number % len(REASONS)]](fields)) + b"\n")
    return result + halves[done:]


def reasons_of(damaged: int) -> dict[str, int]:
    """Count the reasons of so many damaged lines, numbered from 0."""
    each, more = divmod(damaged, len(REASONS))
    return {reason: each + (at < more) for at, reason in enumerate(REASONS)}
