"""Faults of a shop log's lines: by field the values just allowed and just not, and lines that are no JSON."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from tests.shop_model.records import FIELDS


def quoted(*texts: str) -> list[str]:
    """Return texts as JSON writes them."""
    return [json.dumps(text) for text in texts]


def object_of(pairs: dict[str, str]) -> str:
    """Write an object from the JSON texts of its fields."""
    return "{" + ", ".join(f'"{name}": {text}' for name, text in pairs.items()) + "}"


UUID_TEXT = "0f8fad5b-d9cb-469f-a165-70867728950e"
BLANKS = [None, "null", *quoted("", " ", "\u3000\t\u2003"), '" \u2003"']  # None: the field is absent

ODD_IDS = quoted(
    UUID_TEXT.upper(),
    UUID_TEXT[:-1],
    UUID_TEXT + " ",
    UUID_TEXT.replace("-", ""),
    "g" + UUID_TEXT[1:],
    UUID_TEXT[:-1] + "\u0660",
)
ODD_IDS += ["7", "true", "[]", "{}"]
ENDS = "Z .1Z .123456Z .1234567Z .Z z +18:00 -18:00 +18:01 -00:00 +0200 +02 +17:60 ,5Z".split()
ODD_TIMES = quoted(*(f"2024-05-01T12:00:00{end}" for end in ("", "Z ", " Z", *ENDS)))
ODD_TIMES += quoted(
    "2024-05-01 12:00:00Z",
    "2024-05-01t12:00:00Z",
    "2024-05-01T24:00:00Z",
    "2024-05-01T23:59:60Z",
    "2024-02-29T00:00:00Z",
    "2023-02-29T00:00:00Z",
    "2024-05-01",
    "2014-12-31T23:59:59.999999Z",
    "2015-01-01T00:00:00Z",
    "2015-01-01T00:00:00+00:01",
    "2024-05-11T23:59:59.999999Z",
    "2024-05-12T00:00:00Z",
    "2024-05-12T02:00:00+02:00",
    "0000-02-29T00:00:00Z",
    "0001-01-01T00:00:00+18:00",
    "9999-12-31T23:59:59-18:00",
    "\u0662024-05-01T12:00:00Z",
)
ODD_TIMES += ["1714564800", "1714564800000"]
ODD_INTEGERS = "1 2.0 20e-1 1e3 1000 1001 0 -1 2.5 true 1e400 [2]".split() + quoted("2")
ODD_INTEGERS += ["1.0000000000000000000001", "1000.0000000000000000001"]
ODD_MONEY = "0 -0 -0.0 10.50 10.500 1e2 1.5e-1 1.999 -1 9999999999.99 9999999999.995 10000000000".split()
ODD_MONEY += "1e400 1e-400 1.9900000000000000001 true [1] 0.1 0.29".split()
ODD_MONEY += quoted(*"0 -0 10.50 10.5 10.500 0010 00000000010 1e2 1. .5 +1 1,50 9999999999.99 NaN 0x1".split())
ODD_MONEY += quoted(" 1", "1 ", "\u0661")
ODD_ADDRESSES = quoted(*"1.2.3.4 01.2.3.4 1.2.3 256.1.1.1 1.2.3.4/8 :: ::1 1::2::3 fe80::1%eth0 12345:: [::1]".split())
ODD_ADDRESSES += [*quoted(" 1.2.3.4", "::ffff:1.2.3.4"), "16909060"]
ODD_WORDS = [*quoted("Desktop", " desktop", "desktop\0", "gold", "EUR", "eu", "\u00c4\u00d6", "ED"), "1", "true", "[]"]
ODD_TYPES = [*quoted("PAGE_VIEW", "SEARCH", "ADD_TO_CART", "PURCHASE", "LOGIN", "page_view"), "3", '["SEARCH"]']


def texts(longest: int) -> list[str]:
    """Return texts of just the longest length and of one more, in characters beyond the basic plane."""
    full = "\U0001f45f" * longest
    return [json.dumps(full, ensure_ascii=False), *quoted(full, full + "x", "?a=1", "/a#b?c"), "5", "{}"]


ITEM = {"product_id": f'"{UUID_TEXT}"', "quantity": "1", "unit_price": "1.10"}
ODD_ITEMS = ["[]", "{}", '"x"', "[1]", "[{}]", "[null]"]
ODD_ITEMS += [f"[{', '.join([object_of(ITEM)] * number)}]" for number in (500, 501)]
ODD_ITEMS += [
    f"[{object_of({**ITEM, name: text})}]"
    for name, values in {
        "product_id": [*ODD_IDS, "null"],
        "quantity": ODD_INTEGERS,
        "unit_price": ODD_MONEY,
        "colour": ["1"],
    }.items()
    for text in values
]
ODD = {
    **dict.fromkeys(("event_id", "user_id", "product_id", "transaction_id", "session_id"), ODD_IDS),
    **dict.fromkeys(("occurred_at", "valid_from"), ODD_TIMES),
    **dict.fromkeys(("discount", "shipping", "tax", "total", "price"), ODD_MONEY),
    **dict.fromkeys(("device_type", "status", "tier", "currency", "country"), ODD_WORDS),
    **dict.fromkeys(("name", "category", "email"), texts(3000)),
    "event_type": ODD_TYPES,
    "quantity": ODD_INTEGERS,
    "page_url": texts(2048),
    "search_query": texts(256),
    "browser": texts(64),
    "payment_method": texts(32),
    "ip_address": ODD_ADDRESSES,
    "items": ODD_ITEMS,
}
# What becomes of a good line. Each makes no JSON object of it, or no UTF-8.
BREAKAGES = {
    "empty": lambda line: b"",
    "blank": lambda line: b" \t",
    "array": lambda line: b"[" + line + b"]",
    "scalar": lambda line: b'"text"',
    "text_after": lambda line: line + b" x",
    "two_objects": lambda line: line + line,
    "cut_off": lambda line: line[:-1],
    "single_quotes": lambda line: line.replace(b'"', b"'"),
    "unquoted_name": lambda line: b"{a: 1, " + line[1:],
    "comment": lambda line: line + b"// no",
    "trailing_comma": lambda line: line[:-1] + b",}",
    "nan": lambda line: b'{"x": NaN, ' + line[1:],
    "infinity": lambda line: b'{"x": -Infinity, ' + line[1:],
    "leading_zero": lambda line: b'{"x": 0010, ' + line[1:],
    "no_digit_after_point": lambda line: b'{"x": 1., ' + line[1:],
    "plus": lambda line: b'{"x": +1, ' + line[1:],
    "control_character": lambda line: b'{"x": "\x01", ' + line[1:],
    "bad_escape": lambda line: b'{"x": "\\x41", ' + line[1:],
    "half_surrogate": lambda line: b'{"x": "\\ud83d", ' + line[1:],
    "half_surrogate_in_name": lambda line: b'{"\\udc00": 1, ' + line[1:],
    "swapped_surrogates": lambda line: b'{"x": ["\\ude00\\ud83d"], ' + line[1:],
    "repeated_name": lambda line: b'{"x": 1, "x": 1, ' + line[1:],
    "repeated_name_escaped": lambda line: b'{"x": 1, "\\u0078": 1, ' + line[1:],
    "repeated_name_within": lambda line: b'{"x": [{"y": {"z": 1, "z": 2}}], ' + line[1:],
    "byte_order_mark": lambda line: b"\xef\xbb\xbf" + line,
    "no_break_space": lambda line: b"\xc2\xa0" + line,
    "latin_1": lambda line: b'{"x": "\xe9", ' + line[1:],
    "encoded_surrogate": lambda line: b'{"x": "\xed\xa0\xbd", ' + line[1:],
    "overlong": lambda line: b'{"x": "\xc0\xaf", ' + line[1:],
}


@st.composite
def broken_lines(draw: st.DrawFn, kind: str, fields: dict[str, str]) -> bytes:
    """Write a record's fields with one or two faults, some of which leave it good: blank, odd or no JSON at all."""
    if draw(st.integers(0, 3)) == 0:
        return BREAKAGES[draw(st.sampled_from(sorted(BREAKAGES)))](object_of(fields).encode())
    fields = dict(fields)
    for name in draw(st.lists(st.sampled_from([one.name for one in FIELDS[kind]]), min_size=1, max_size=2)):
        text = draw(st.sampled_from(BLANKS + ODD[name] * 2))
        fields.pop(name, None)
        fields |= {} if text is None else {name: text}
    return object_of(fields).encode()
