"""Hypothesis strategies for listening logs: plausible ones that crowd around the boundaries, and odd ones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

RUN_DATE = date(2009, 5, 4)
START = datetime(2009, 5, 1, 23, 30, tzinfo=UTC)
GAP = timedelta(minutes=20)

USERS = ["user_000001", "user_000002", "ünï", "a b"]
ARTISTS = ["Plaid", "plaid", 'The "Knife', "坂本龍一", "AC\\DC", "e\u0301", "\U0001f3b5"]
TRACKS = ["Heartbeats", "Bonus Track", '"', "\\", "a\rb", "x\x00y", "z\x85\u2028"]
ARTIST_ID, TRACK_ID = "f1b1cf71-bd35-4e99-8624-24a6e15f133a", "F7C1F8F8-B935-45ED-8FC8-7DEF69D92A10"

# Steps between listens: the same second, a track, just within the gap, the gap, just past it, a night.
STEPS = [0, 1, 200, 1199, 1200, 1201, 30_000]

ODD_USERS = ["", " ", "\u3000\t"[:1], "\x1f", "\ufeffuser"]
ODD_TIMES = [
    "",
    " ",
    "today",
    "2009-05-01",
    "2009-05-01T23:30:00",
    "2009-05-01 23:30:00Z",
    "2009-5-1T23:30:00Z",
    "2009-05-01T23:30:00.5Z",
    "2009-02-29T12:00:00Z",
    "2008-02-29T12:00:00Z",
    "2009-05-01T24:00:00Z",
    "2009-05-01T23:60:00Z",
    "2009-05-01T23:59:60Z",
    "2008-12-31T23:59:60Z",
    "2009-01-01T00:59:60+01:00",
    "2005-12-31T23:59:60Z",
    "2006-01-01T00:00:00Z",
    "2009-05-02T01:30:00+02:00",
    "2009-05-01T23:30:00+18:00",
    "2009-05-01T23:30:00+18:01",
    "2009-05-01T23:30:00-00:60",
    "2009-05-01T23:30:00+0200",
    "2001-12-31T23:59:59Z",
    "2002-01-01T00:00:00Z",
    "2009-05-05T23:59:59Z",
    "2009-05-06T00:00:00Z",
    "0000-02-29T00:00:00Z",
    "9999-12-31T23:59:59-18:00",
    "0001-01-01T00:00:00+18:00",
    "\u0662009-05-01T23:30:00Z",
    "2009-05-01T23:30:00Z\r",
]
ODD_NAMES = ["", " ", "\u2003\xa0", "\x1c", "\u200b", "\ufffd"]
ODD_IDS = ["", "none", ARTIST_ID[:-1], ARTIST_ID + "\r", ARTIST_ID.replace("-", "_"), "g" + ARTIST_ID[1:]]


@st.composite
def good_lines(draw: st.DrawFn) -> list[bytes]:
    """The lines of a few users, in no particular order, many of them close to the gap and some of them twice."""
    lines = []
    for user in draw(st.lists(st.sampled_from(USERS), max_size=4, unique=True)):
        moment = START
        for step in draw(st.lists(st.sampled_from(STEPS), max_size=12)):
            moment += timedelta(seconds=step)
            artist, track = draw(st.sampled_from(ARTISTS)), draw(st.sampled_from(TRACKS))
            artist_id = draw(st.sampled_from(["", ARTIST_ID]))
            track_id = draw(st.sampled_from(["", TRACK_ID]))
            lines.append(line(user, f"{moment:%Y-%m-%dT%H:%M:%SZ}", artist_id, artist, track_id, track))
    return draw(st.permutations(lines)) if lines else []


@st.composite
def odd_lines(draw: st.DrawFn) -> bytes:
    """A line with something unusual in every place it can have it."""
    return line(
        draw(st.sampled_from(USERS + ODD_USERS)),
        draw(st.sampled_from(ODD_TIMES)),
        draw(st.sampled_from([ARTIST_ID, *ODD_IDS])),
        draw(st.sampled_from(ARTISTS + ODD_NAMES)),
        draw(st.sampled_from([TRACK_ID, *ODD_IDS])),
        draw(st.sampled_from(TRACKS + ODD_NAMES)),
    )


@st.composite
def logs(draw: st.DrawFn) -> bytes:
    """A whole log of at least one line: good, odd and random lines, LF and CRLF, with or without mark and last LF."""
    random_lines = st.binary(max_size=40) | st.lists(st.text(max_size=3), max_size=8).map(
        lambda f: "\t".join(f).encode()
    )
    rare = draw(st.lists(odd_lines() | random_lines, max_size=8))
    lines = draw(st.permutations(draw(good_lines()) + rare)) or [b"a line"]
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    mark = draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    return mark + end.join(lines) + draw(st.sampled_from([end, b""]))


def byte_soups() -> st.SearchStrategy[bytes]:
    """Any bytes at all, though more of those that mean something to a reader than chance would give."""
    telling = [b"\n", b"\r", b"\t", b"\0", b'"', b"\\", b"\xef\xbb\xbf", b"\xff", b"2009-05-01T23:30:00Z"]
    return st.lists(st.sampled_from(telling) | st.binary(max_size=30), max_size=60).map(b"".join)


@st.composite
def damaged_logs(draw: st.DrawFn) -> bytes:
    """A log of `logs` in which some bytes were changed, lost, or came in between."""
    log = bytearray(draw(logs()))
    for _ in range(draw(st.integers(1, 12))):
        place = draw(st.integers(0, len(log)))
        lost = draw(st.integers(0, 2))
        log[place : place + lost] = draw(st.binary(max_size=3) | st.sampled_from([b"\n", b"\t", b"\r", b"\xc3"]))
    return bytes(log)


def line(*fields: str) -> bytes:
    """A line of the log from its fields."""
    return "\t".join(fields).encode("utf-8", "surrogatepass")
