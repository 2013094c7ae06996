"""Hypothesis strategies for lines of the shop: good values, values beyond the rules, and lines that are no JSON."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from spark_jobs.fields import Choice, Field, Integer, IpAddress, Items, Money, Text, Time, Url, Uuid
from tests.spark_jobs.logs.shop.records import GOOD, ID, ITEM, KINDS, line_of, texts_of


def quoted(*texts: str) -> list[str]:
    return [json.dumps(text, ensure_ascii=False) for text in texts]


BLANKS = ["null", *quoted("", " ", "\u3000\t\x85"), '"\\u2003\\n"']
OTHERS = [
    "0",
    "-1.5",
    "1E3",
    "true",
    "false",
    "{}",
    '{"a":1}',
    "[]",
    '["x"]',
    "1" * 36,
    *quoted("true", "{", "[1", "5"),
]
TIMES = quoted(
    *(f"2024-05-01T12:00:00{end}" for end in "Z .1Z .123456Z .1234567Z .Z +18:00 +18:01 -00:00 +02 z".split()),
    *"2024-02-29T00:00:00Z 2023-02-29T00:00:00Z 2024-05-01T24:00:00Z 2024-05-01T23:59:60Z 2024-05-01".split(),
    *"2024-05-01t12:00:00Z 0000-02-29T00:00:00Z 2024-13-01T00:00:00Z \u0662024-05-01T12:00:00Z".split(),
    *[
        "2024-05-01T12:00:00",
        "2024-05-01 12:00:00Z",
        "2024-05-01T12:00:00Z\n",
        " 2024-05-01T12:00:00Z",
        "1714564800000",
    ],
)
INTEGERS = [*"1 2.0 20e-1 1E3 1000 1001 0 -1 2.5 1e400 1e-400".split()]
INTEGERS += ["1.0000000000000000000001", "1000.000000000000000000000000000000000000000000000000"]
AMOUNTS = [*"0 -0 -0.0 10.50 10.500 1e2 1.5e-1 1.999 -1 9999999999.99 9999999999.995 10000000000".split()]
AMOUNTS += [*"1e400 1e-400 1.9900000000000000001 0.1 0.29 1.1E1 1e9 1e10 0.00e5 123456789012e-2".split()]
AMOUNTS += quoted(*"0 -0 10.50 10.500 0010 00000000010 1e2 1. .5 +1 1,50 9999999999.99 0x1 \u0661".split(), "1 ")
ADDRESSES = (
    "1.2.3.4 01.2.3.4 1.2.3 256.1.1.1 1.2.3.4.5 :: ::1 1::2::3 fe80::1%eth0 12345:: [::1] ::1.2.3.4 1:2:3:4:5:6:7:8"
)
ADDRESSES += (
    " 1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 1::3:4:5:6:7:8 1:2:3:4:5:6:1.2.3.4 1:2:3:4:5:6:7:8:9 1:2:3:4::5:6:7:8 :1 1:"
)
LINES = {
    "as it is": lambda line: line,
    "a CR": lambda line: line + b"\r",
    "spaces around": lambda line: b" \t" + line + b" ",
    "text after": lambda line: line + b"x",
    "an object after": lambda line: line + line,
    "a member after": lambda line: line + b',"a":1}',
    "an array": lambda line: b"[" + line + b"]",
    "an array closed early": lambda line: line + b'],["',
    "cut off": lambda line: line[:-1],
    "empty": lambda line: b"",
    "single quotes": lambda line: line.replace(b'"', b"'"),
    "a trailing comma": lambda line: line[:-1] + b",}",
    "a comment": lambda line: line[:-1] + b"/**/}",
    "an unquoted name": lambda line: b"{a:1," + line[1:],
    "NaN": lambda line: b'{"x":NaN,' + line[1:],
    "a leading zero": lambda line: b'{"x":01,' + line[1:],
    "a control character": lambda line: b'{"x":"\x01",' + line[1:],
    "a bad escape": lambda line: b'{"x":"\\x41",' + line[1:],
    "an escaped quote": lambda line: b'{"x\\"\\\\":"\\\\\\"{",' + line[1:],
    "half a pair": lambda line: b'{"x":"\\uD83d",' + line[1:],
    "a pair": lambda line: b'{"x":"\\ud83d\\ude00\\\\ud83d",' + line[1:],
    "a pair swapped": lambda line: b'{"\\ude00\\ud83d":1,' + line[1:],
    "a repeated name": lambda line: b'{"x":1,"\\u0078":1,' + line[1:],
    "repeated within": lambda line: b'{"x":[{"y":1,"y":2}],' + line[1:],
    "an unnamed field": lambda line: line[:-1] + b',"colour":null,"":[1,{"a":-2e5}]}',
    "no UTF-8": lambda line: line[:-1] + b',"x":"\xff"}',
    "a surrogate in UTF-8": lambda line: line[:-1] + b',"x":"\xed\xa0\xbd"}',
}


def odd_values(one: Field) -> list[str]:
    """Return JSON texts at and beyond the rules of a field."""
    match one.type:
        case Uuid():
            own = quoted(ID.upper(), ID[:-1], ID + " ", ID.replace("-", ""), "g" + ID[1:], ID[:-1] + "\u0660")
        case Time():
            own = TIMES
        case Integer():
            own = [*INTEGERS, '"2"']
        case Money():
            own = AMOUNTS
        case IpAddress():
            own = quoted(*ADDRESSES.split())
        case Choice(values=values):
            own = quoted(*values, values[0].swapcase(), values[0] + " ")
        case Text(longest=longest) | Url(longest=longest):
            full = "\U0001f45f" * (longest or 3000)
            own = quoted(full, full + "x", "?a=1", "/a#b?c", "EUR", "DE", "eur", "E\nR", '"', "\\", "\u00e9", "ABC")
        case Items(fields=fields):
            own = [f"[{','.join([json.dumps(ITEM)] * number)}]" for number in (2, 500, 501)] + ["[null]", "[{}]", "[1]"]
            for inner in fields:
                texts = [BLANKS[0], BLANKS[2], *odd_values(inner)]
                own += [f"[{line_of(texts_of(ITEM) | {inner.name: text}).decode()}]" for text in texts]
    return own


@st.composite
def lines(draw: st.DrawFn, kind: str) -> bytes:
    """Draw a good record with up to three of its values absent, blank, of another type or odd, in one of many forms."""
    texts, fields = texts_of(GOOD[kind]), KINDS[kind].fields
    if kind == "events":
        texts["event_type"] = json.dumps(draw(st.sampled_from(KINDS[kind].values_of("event_type"))))
    for one in draw(st.lists(st.sampled_from(fields), max_size=3)):
        texts.pop(one.name, None)
        if draw(st.integers(0, 9)):
            texts[one.name] = draw(st.sampled_from(odd_values(one) * 3 + BLANKS + OTHERS))
    for name in draw(st.lists(st.sampled_from(sorted(texts)), max_size=3)):
        texts.pop(name, None)
    shuffled = dict(draw(st.permutations(list(texts.items()))))
    comma, colon = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " : ")]))
    form = draw(st.sampled_from(["as it is"] * len(LINES) + sorted(LINES)))
    return LINES[form](line_of(shuffled, comma, colon))
