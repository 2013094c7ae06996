"""Everything a line of a log should not hold, and what becomes of it. Also lines that only look bad."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.logs import ARTIST_ID, TRACK_ID, line

NOON = "2009-05-04T12:00:00Z"
MEGABYTE = 2**20
NO_IDS = ("missing_artist_id", "missing_track_id")


@dataclass(frozen=True)
class Case:
    """A line and what it becomes: a listen's six fields with the warnings it counts for, or the reason to reject it."""

    line: bytes
    listen: tuple[Any, ...] | None = None
    warnings: tuple[str, ...] = ()
    reason: str | None = None


def kept(user: str, artist: str = "a", track: str = "t", *, written: bytes | None = None) -> Case:
    """A line without ids that is kept as it is, or as it is `written`."""
    listen = (user, datetime(2009, 5, 4, 12, tzinfo=UTC), None, artist, None, track)
    return Case(written or line(user, NOON, "", artist, "", track), listen, NO_IDS)


def rejected(reason: str, *fields: str | bytes) -> Case:
    return Case(b"\t".join(field if isinstance(field, bytes) else field.encode() for field in fields), reason=reason)


# For each reason the place among the fields where a line gives it, and what stands there.
FAULTS = {
    "invalid_encoding": (4, b"\xff"),
    "field_count": (6, b"a seventh"),
    "missing_user_id": (0, b""),
    "missing_timestamp": (1, b""),
    "invalid_timestamp": (1, b"2009-05-04T12:00:00"),
    "implausible_timestamp": (1, b"2001-12-31T23:59:59Z"),
    "missing_artist_name": (3, b""),
    "missing_track_name": (5, b""),
}
# The 25 characters with Unicode's property White_Space, but for the two that end a field or a line.
WHITE_SPACE = "\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"]
INVALID_UTF_8 = {
    "a continuation without a start": b"\x80",
    "a start without its continuation": b"\xc3",
    "a character cut short": "坂".encode()[:2],
    "latin-1": "é".encode("latin-1"),
    "an overlong NUL": b"\xc0\x80",
    "an overlong slash": b"\xe0\x80\xaf",
    "a surrogate": b"\xed\xa0\x80",
    "a pair of surrogates": b"\xed\xa0\xbd\xed\xb8\x80",
    "past the last code point": b"\xf4\x90\x80\x80",
    "five bytes": b"\xf8\x88\x80\x80\x80",
    "never a byte of UTF-8": b"\xfe\xff",
}
QUOTES = ['"', "'", "\\", '""', '\\"', "\\t", "\\n", "\\N", '","', "`"]


def single_faults() -> dict[str, Case]:
    return {reason: line_with(reason) for reason in FAULTS}


def mixed_faults() -> dict[str, Case]:
    """Any two faults a line can have at once, and all of them."""
    pairs = [pair for pair in itertools.combinations(FAULTS, 2) if FAULTS[pair[0]][0] != FAULTS[pair[1]][0]]
    all_but_encoding = ("field_count", "missing_user_id", "missing_timestamp", "missing_artist_name")
    named = {" and ".join(faults): line_with(*faults) for faults in [*pairs, all_but_encoding]}
    return named | {"all at once": line_with(*FAULTS)}


def line_with(*faults: str) -> Case:
    fields = [b"user", NOON.encode(), b"", b"artist", b"", b"track"]
    for fault in reversed(faults):
        place, value = FAULTS[fault]
        fields[place : place + 1] = [value]
    return rejected(faults[0], *fields)


def invalid_encodings() -> dict[str, Case]:
    names = {
        f"{name} in a name": rejected("invalid_encoding", f"user\t{NOON}\t\ta", b"a" + wrong + b"b", "\tt")
        for name, wrong in INVALID_UTF_8.items()
    }
    places = {}
    for place in range(6):
        fields: list[bytes] = [b"user", NOON.encode(), b"", b"artist", b"", b"track"]
        fields[place] += b"\xff"
        places[f"in field {place}"] = rejected("invalid_encoding", *fields)
    return names | places | {"alone": rejected("invalid_encoding", b"\x80")}


def odd_characters() -> dict[str, Case]:
    """Characters that other readers end, cut or strip a line at: here they belong to the name."""
    inside = {f"inside {char!a}": kept(f"inside {ord(char)}", f"a{char}b", f"c{char}d") for char in CONTROLS}
    spaces = {f"within {char!a}": kept(f"within {ord(char)}", f"{char}a{char}", f"{char}t") for char in WHITE_SPACE}
    blank = {
        f"nothing but {char!a}": rejected("missing_artist_name", "user", NOON, "", char, "", f"{ord(char)}")
        for char in WHITE_SPACE
    }
    not_blank = {
        f"only {char!a}": kept(f"only {ord(char)}", char, f"t{char}")
        for char in [*CONTROLS, "\u200b", "\ufeff", "\ufffd", "\uffff", "\U0010ffff", "\ue000"]
        if char not in WHITE_SPACE
    }
    return inside | spaces | blank | not_blank


def quotes_and_backslashes() -> dict[str, Case]:
    found = {}
    for char in QUOTES:
        for name in (char, f"{char}a", f"a{char}", f"{char}a{char}", f"a{char}b"):
            found[f"user {name}"] = kept(name)
            found[f"artist {name}"] = kept(f"artist {name}", artist=name)
            found[f"track {name}"] = kept(f"track {name}", track=name)
        found[f"time {char}"] = rejected("invalid_timestamp", "u", f"{char}{NOON}{char}", "", "a", "", "t")
        quoted = line(f"id {char}", NOON, f"{char}{ARTIST_ID}{char}", "a", f"{char}{TRACK_ID}", "t")
        listen = kept(f"id {char}").listen
        found[f"id {char}"] = Case(quoted, listen, ("malformed_artist_id", "malformed_track_id"))
    return found


def carriage_returns() -> dict[str, Case]:
    cr = kept("cr").listen
    return {
        "one at the end is a line end": Case(line("cr", NOON, "", "a", "", "t\r"), cr, NO_IDS),
        "two at the end": kept("crcr", track="t\r", written=line("crcr", NOON, "", "a", "", "t\r\r")),
        "nothing but one": rejected("field_count", "\r"),
        "in the timestamp": rejected("invalid_timestamp", "u", f"{NOON}\r", "", "a", "", "t"),
        "two listens apart": rejected("field_count", f"u\t{NOON}\t\ta\t\tt\ru\t{NOON}\t\ta\t\tt"),
    }


def shapes() -> dict[str, Case]:
    long_name = "坂" * (MEGABYTE // 3)
    with_ids = kept("with ids").listen
    return {
        "empty": rejected("field_count", ""),
        "blank": rejected("field_count", " "),
        "five tabs": rejected("missing_user_id", *[""] * 6),
        "six tabs": rejected("field_count", *[""] * 7),
        "a megabyte of tabs": rejected("field_count", "\t" * MEGABYTE),
        "a megabyte and no tab": rejected("field_count", "x" * MEGABYTE),
        "a megabyte of NUL": rejected("field_count", b"\0" * MEGABYTE),
        "two names of a megabyte": kept("long", long_name, long_name + "!"),
        "a header": rejected("invalid_timestamp", "user_id", "timestamp", "artid", "artname", "traid", "traname"),
        "a mark on a later line": kept("\ufeffuser"),
        "ids": Case(
            line("with ids", NOON, ARTIST_ID, "a", TRACK_ID, "t"),
            with_ids and (*with_ids[:2], ARTIST_ID, "a", TRACK_ID, "t"),
        ),
    }


def duplicates() -> dict[str, Case]:
    offset = line("twice", "2009-05-04T14:00:00+02:00", "", "a", "", "t")
    leap = ("leap", datetime(2009, 1, 1, tzinfo=UTC), None, "a", None, "t")
    return {
        "the first of two": kept("twice"),
        "the second of two": rejected("duplicate", "twice", NOON, "", "a", "", "t"),
        "another way to write it": Case(offset, reason="duplicate"),
        "a leap second": Case(line("leap", "2008-12-31T23:59:60Z", "", "a", "", "t"), reason="duplicate"),
        "the second after it": Case(line("leap", "2009-01-01T00:00:00Z", "", "a", "", "t"), leap, NO_IDS),
        "another case": kept("twice", artist="A"),
        "a space more": kept("twice", track="t "),
        "composed": kept("twice", track="\u00e9"),
        "decomposed": kept("twice", track="e\u0301"),
        "a NUL more": kept("twice", track="t\0"),
    }


CASES = {
    f"{kind.__name__}: {name}": case
    for kind in (
        single_faults,
        mixed_faults,
        invalid_encodings,
        odd_characters,
        quotes_and_backslashes,
        carriage_returns,
        shapes,
        duplicates,
    )
    for name, case in kind().items()
}
# All cases but two kinds. A CR before a CRLF is a character of the line, not its end. A line with a CR is never
# written as the log writes lines, and that decides between the two lines of the leap second.
CASES_WITH_CRLF = {name: case for name, case in CASES.items() if case.line[-1:] != b"\r" and b"60Z" not in case.line}
