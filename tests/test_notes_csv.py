"""The notes' model on the files: CSV by Python's csv module, headers, encodings, other files."""

from __future__ import annotations

import gzip
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.notes_model import HeaderError, judge
from tests.notes_model.csv_records import records_of
from tests.notes_model.records import NAMES
from tests.notes_rows import GOOD, HEADER, D, judged, line, verdict


def test_line_ends_in_quotes_are_one_record() -> None:
    content = b'a,"b\r\nc"\r\n"d ""e"", f",g\nh,\r\n,"x\\"\ri,"j"k'
    assert [(one.fields, one.line) for one in records_of(content)] == [
        (["a", "b\r\nc"], 1),
        (['d "e", f', "g"], 3),
        (["h", ""], 4),
        (["", "x\\"], 5),
        (["i", "jk"], 6),
    ]


def test_empty_line_has_the_wrong_field_count() -> None:
    found = judged(line(), "", "a,b", line() + ",", "")
    assert found.reasons["interactions"] == Counter(field_count=3)
    assert [one.line for one in found.rejected] == [3, 4, 5]


def test_open_quote_swallows_the_rest_of_its_file() -> None:
    found = judged(line(), f'{line(page_id="b")},"x{chr(10)}y","z', line(), "")
    assert len(found.accepted["interactions"]) == 1
    # The record begins on line 3, the quote on the next.
    assert [(one.reason, one.file, one.line) for one in found.rejected] == [("malformed_csv", "interactions/a.csv", 4)]


def test_closed_quote_at_the_end_is_whole() -> None:
    assert [(one.fields, one.open_quote) for one in records_of(b'"a"')] == [(["a"], 0)]
    assert [(one.fields, one.open_quote) for one in records_of(b'a\n"b\n')] == [(["a"], 0), (["b\n"], 2)]
    assert [one.open_quote for one in records_of(b'"a""')] == [1]


def test_other_encodings_are_rejected_first() -> None:
    bad = line(page_id="caf\udce9").encode("utf-8", "surrogateescape")
    rest = b'\n"\xff never closed\nx'
    found = judge({"interactions/a.csv": f"{HEADER}\n".encode() + bad + rest}, D)
    assert found.reasons["interactions"] == Counter(invalid_encoding=2)
    surrogate = line(page_id="X").encode().replace(b"X", b"\xed\xa0\x80")
    found = judge({"interactions/a.csv": f"{HEADER}\n".encode() + surrogate}, D)
    assert found.reasons["interactions"] == Counter(invalid_encoding=1)


def test_columns_are_found_by_name() -> None:
    names = [*reversed(NAMES["interactions"]), "colour"]
    values = [*reversed(GOOD["interactions"].values()), "red"]
    content = "\ufeff" + '"' + '","'.join(names) + '"\n' + ",".join(values)
    found = judge({"interactions/deep/er/a.csv.gz": gzip.compress(content.encode())}, D)
    assert found.accepted == {"interactions": [verdict()], "users": []}
    assert found.ignored_columns == {"interactions/deep/er/a.csv.gz": ["colour"]}


def test_mark_inside_a_file_is_a_character() -> None:
    assert judged("\ufeff" + line()).accepted["interactions"][0].user_id == "\ufeffann"


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("", id="an empty file"),
        pytest.param("\n" + HEADER, id="an empty line first"),
        pytest.param(HEADER + ",user_id", id="repeated"),
        pytest.param(HEADER + ",x,x", id="repeated, unknown"),
        pytest.param(HEADER.replace("load_ms", "Load_ms"), id="another case"),
        pytest.param(HEADER.replace("load_ms", " load_ms"), id="white space"),
        pytest.param(HEADER.replace(",", ";"), id="semicolons"),
        pytest.param(HEADER + ',"', id="an open quote"),
    ],
)
def test_wrong_header_names_the_file(header: str) -> None:
    with pytest.raises(HeaderError, match="interactions/a.csv"):
        judge({"interactions/a.csv": header.encode()}, D)


def test_other_files_are_left_out() -> None:
    content = f"{HEADER}\n{line()}".encode()
    others = ["interactions/a.tsv", "interactions/a.csv.bz2", "readme.csv", "clicks/a.csv"]
    found = judge({"interactions/a.csv": content, **dict.fromkeys(others, content)}, D)
    assert (len(found.accepted["interactions"]), found.left_out) == (1, sorted(others))


# In all ways that a writer may have: every field quoted or those that need it, either line end, a last one or none.
TEXTS = st.text(st.sampled_from('a,";\\ \r\n\u00e9\u2028'), max_size=4)


@settings(max_examples=200)
@given(
    st.lists(st.lists(TEXTS, min_size=2, max_size=3), min_size=1, max_size=4),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
    st.booleans(),
)
def test_fields_written_are_the_fields_read(rows: list[list[str]], end: str, all_quoted: bool, has_end: bool) -> None:
    def written(field: str) -> str:
        needs_quotes = all_quoted or any(one in field for one in ',"\r\n')
        return '"' + field.replace('"', '""') + '"' if needs_quotes else field

    content = end.join(",".join(map(written, row)) for row in rows) + end * has_end
    assert [one.fields for one in records_of(content.encode())] == rows


@settings(max_examples=500)
@given(st.text(st.sampled_from('a,"\r\n'), max_size=12))
def test_quotes_are_those_of_rfc_4180(content: str) -> None:
    """Compare with a reader written after the grammar: a quote opens at a field's start, two are one, one closes."""
    found = [(one.fields, bool(one.open_quote)) for one in records_of(content.encode())]
    assert found == by_grammar(content)


def by_grammar(content: str) -> list[tuple[list[str], bool]]:
    records, fields, field, state, at = [], [], "", "start", 0
    while at < len(content):
        one, after = content[at], content[at + 1 : at + 2]
        at += 1
        if state == "quoted":
            if one != '"':
                field += one
            elif after == '"':
                field, at = field + one, at + 1
            else:
                state = "rest"
        elif one == '"' and state == "start":
            state = "quoted"
        elif one == ",":
            fields, field, state = [*fields, field], "", "start"
        elif one in "\r\n":
            at += one == "\r" and after == "\n"
            is_empty = not fields and not field and state == "start"
            records.append(([] if is_empty else [*fields, field], False))
            fields, field, state = [], "", "start"
        else:
            field, state = field + one, "rest"
    if fields or field or state != "start":
        records.append(([*fields, field], state == "quoted"))
    return records
