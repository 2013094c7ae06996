"""Faults of a notes log's records: by field the values just allowed and just not, and records that are no CSV."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.notes_model.records import NAMES

BLANKS = ["", " ", "\u3000\t\u2003", "\r\n"]
SHOE = "\U0001f45f"
_ENDS = "Z .123Z .1Z .1234Z .Z z +18:00 -18:00 +18:01 -00:00 +0200 +02 +17:60 ,123Z".split()
ODD_TIMES = [f"2024-05-01T12:00:00{end}" for end in ("", " Z", *_ENDS)] + [
    "2024-05-01 12:00:00Z",
    "2024-05-01T12:00Z",
    "2024-05-01T24:00:00Z",
    "2024-05-01T23:59:60Z",
    "2024-02-29T00:00:00Z",
    "2023-02-29T00:00:00Z",
    "2004-12-31T23:59:59.999Z",
    "2005-01-01T00:00:00Z",
    "2005-01-01T00:00:00+00:01",
    "2024-07-01T23:59:59.999Z",
    "2024-07-02T00:00:00Z",
    "2024-07-02T02:00:00+02:00",
    "0000-02-29T00:00:00Z",
    "0001-01-01T00:00:00+18:00",
    "9999-12-31T23:59:59-18:00",
    "\u0662024-05-01T12:00:00Z",
    "1714564800",
]
ODD_DAYS = "2004-12-31 2005-01-01 2024-02-29 2023-02-29 2024-07-01 2024-07-02 20240501 2024-5-1 0000-01-01".split()
ODD_NUMBERS = "0 007 -0 -1 +1 1.0 1e3 0x1 \u0661 86400000 86400001 600000 600001 2005 2004 2100 2101 02020".split()
ODD_NUMBERS += [" 1", "1 ", "9" * 40, "0" * 40 + "5"]
ODD_NAMES = [
    SHOE * 64,
    SHOE * 65,
    "tab\there",
    "nul\0",
    "del\x7f",
    "nel\x85",
    "line\nend",
    " kept ",
    "\ufeff",
    '"',
    "NULL",
]
ODD_WORDS = "page_view Page_view edit view phone Phone free gold DE de D DEU \u00c4\u00d6".split()
ODD_WORDS += ["edit ", " DE", "DE\n"]
ODD_VERSIONS = "0.0.0 1.10.2 1.0 1.0.0.0 01.0.0 1.00.0 1.0.0-rc1 v1.0.0 1..0 \u0661.0.0".split()
ODD_VERSIONS += ["1.0.0 ", "1.0.0\n", "1." + "9" * 30 + ".3"]
ODD = {
    "timestamp": ODD_TIMES,
    "join_date": [*ODD_DAYS, "2024-05-01T12:00:00Z"],
    **dict.fromkeys(("duration_ms", "load_ms", "device_year"), ODD_NUMBERS),
    **dict.fromkeys(("action_type", "country", "device_type", "subscription_type"), ODD_WORDS),
    "user_id": ODD_NAMES,
    "page_id": [*ODD_NAMES, SHOE * 128, SHOE * 129],
    "app_version": ODD_VERSIONS,
}
# What becomes of the bytes of a good record, in a file of `\n`. Some stay good: a quote within a field is a character.
BREAKAGES = {
    "empty": lambda record: b"",
    "blank": lambda record: b" \t",
    "empty_quotes": lambda record: b'""',
    "a_field_more": lambda record: record + b",",
    "a_field_less": lambda record: record.rpartition(b",")[0],
    "cut_off": lambda record: record[: len(record) // 2].replace(b'"', b""),
    "twice": lambda record: record + b"," + record,
    "semicolons": lambda record: record.replace(b",", b";"),
    "latin_1": lambda record: b"caf\xe9" + record,
    "encoded_surrogate": lambda record: record + b"\xed\xa0\xbd",
    "overlong": lambda record: record + b"\xc0\xaf",
    "quote_within": lambda record: b'x"y' + record,
    "text_after_a_quote": lambda record: b'"x"y' + record,
    "a_mark": lambda record: b"\xef\xbb\xbf" + record,
}


@st.composite
def odd_values(draw: st.DrawFn, kind: str) -> dict[str, str]:
    """Return blank or odd texts for one or two columns; some of them are good."""
    names = draw(st.lists(st.sampled_from(NAMES[kind]), min_size=1, max_size=2, unique=True))
    return {name: draw(st.sampled_from(BLANKS + ODD[name] * 2)) for name in names}
