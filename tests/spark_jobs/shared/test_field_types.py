"""Texts and numbers as the types of a contract."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from spark_jobs.fields import Integer, IpAddress, Money, Text, Time, Type, Url, Uuid
from spark_jobs.shared.field_types import WHITE_SPACE, is_blank, scaled, value_of_number, value_of_text
from tests.frames import frame_of

ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
TIME = Time(fraction_digits=tuple(range(7)))


def each(spark: SparkSession, texts: list[str], read: Callable[[Column], Column]) -> dict[str, object]:
    """Return what is read of each text, as a text, in one job."""
    frame = frame_of(spark, [(text,) for text in texts], "text string")
    return dict(frame.select("text", read(F.col("text")).cast("string").alias("value")).collect())


def values(spark: SparkSession, found: Type, texts: list[str]) -> dict[str, object]:
    return each(spark, texts, lambda text: value_of_text(found, text))


def test_address_is_what_python_takes_for_one(spark: SparkSession) -> None:
    groups = [
        f"{'1:' * before}{middle}{':2' * after}"
        for before in range(9)
        for after in range(9)
        for middle in ("", ":", "a")
    ]
    last = [f"{group}{end}" for group in groups for end in ("", ":1.2.3.4", ":1.2.3", ":")]
    texts = sorted(
        {*last, *groups, "1.2.3.4", "1.2.3.04", "255.255.255.255", "256.1.1.1", "::g", "12345::", "::ffff:1.2.3.4", ""}
    )
    found = values(spark, IpAddress(), texts)
    assert found == {text: text if is_address(text) else None for text in texts}


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def test_time_with_one_other_character_is_read_alike(spark: SparkSession) -> None:
    right = "2024-02-29T13:08:57.123456+05:30"
    others = ("", *"0129-+:.TZz \t\0é٣")
    texts = {right[:place] + other + right[place + 1 :] for place in range(len(right)) for other in others}
    found = each(spark, sorted(texts), lambda text: F.unix_micros(value_of_text(TIME, text)))
    assert found == {text: microseconds(text) for text in texts}


def microseconds(text: str) -> str | None:
    """Return the microseconds since 1970 of a time as the contract has it, None for any other text."""
    if not re.fullmatch(
        r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-5][0-9])", text
    ):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    is_near = abs(moment.utcoffset() or timedelta()) <= timedelta(hours=18)
    return str((moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)) if is_near else None


@pytest.mark.parametrize(
    ("found", "text", "value"),
    [
        pytest.param(Uuid(), ID.upper(), ID, id="an id becomes lower case"),
        pytest.param(Uuid(as_it_came=True), ID.upper(), ID.upper(), id="an id as it came"),
        pytest.param(Uuid(), ID.replace("-", "_"), None, id="no dashes"),
        pytest.param(Uuid(), ID[:-2] + "-e", None, id="a dash among the digits"),
        pytest.param(
            Text(longest=2), "\U0001f45f\U0001f45f", "\U0001f45f\U0001f45f", id="two code points in eight bytes"
        ),
        pytest.param(Text(longest=2), "abc", None, id="longer than its limit"),
        pytest.param(Text(), " \u3000", None, id="blank"),
        pytest.param(Text(pattern="[A-Z]{2}"), "DE\n", None, id="a line end after the pattern"),
        pytest.param(Url(longest=9), "/a?b#c?d", "/a", id="a query is cut"),
        pytest.param(Url(longest=9), "/a#b?c", "/a", id="a fragment is cut"),
        pytest.param(Url(longest=4), "/a?bc", None, id="too long before it is cut"),
        pytest.param(Money(), "0019.9", "19.90", id="an amount as text"),
        pytest.param(Money(), "-1", None, id="an amount below zero"),
        pytest.param(TIME, "2024-05-01T12:00:00-18:00", "2024-05-02 06:00:00", id="the largest offset"),
        pytest.param(TIME, "2024-05-01T12:00:00-18:01", None, id="a larger offset"),
        pytest.param(TIME, "2024-05-01T12:00:00-00:00", "2024-05-01 12:00:00", id="an offset of minus nothing"),
        pytest.param(TIME, "0000-01-01T00:00:00Z", None, id="the year 0"),
    ],
)
def test_text_has_the_value_of_its_type(spark: SparkSession, found: Type, text: str, value: str | None) -> None:
    assert values(spark, found, [text]) == {text: value}


def test_number_is_exact_in_any_form(spark: SparkSession) -> None:
    numbers = {
        "2": 200,
        "2.0": 200,
        "20e-1": 200,
        "0.02E+2": 200,
        "-0": 0,
        "-2": -200,
        "0e999999999999": 0,
        "1e999999999999": None,
        "1e-400": None,
        "1e400": None,
        "2.005": None,
        "2.000000000000000000000000000000000000000000000000000000000001": None,
        "2.000000000000000000000000000000000000000000000000000000000000": 200,
        "9999999999.99": 999999999999,
        "10000000000": None,
    }
    found = each(spark, list(numbers), lambda number: scaled(number, 10, 2))
    assert found == {text: None if value is None else str(value) for text, value in numbers.items()}


def test_number_is_within_its_range(spark: SparkSession) -> None:
    texts = ["0", "1", "1000", "1e3", "1001", "1.5", "-1"]
    found = each(spark, texts, lambda number: value_of_number(Integer(1, 1000), number))
    assert found == dict.fromkeys(texts) | {"1": "1", "1000": "1000", "1e3": "1000"}


def test_amount_below_zero_is_none(spark: SparkSession) -> None:
    found = each(spark, ["-0.01", "-0.0", "1e1", "0.5"], lambda number: value_of_number(Money(), number))
    assert found == {"-0.01": None, "-0.0": "0.00", "1e1": "10.00", "0.5": str(Decimal("0.50"))}


def test_blank_is_each_white_space_of_unicode(spark: SparkSession) -> None:
    found = each(spark, list(WHITE_SPACE), is_blank)
    assert found == dict.fromkeys(WHITE_SPACE, "true")


@pytest.mark.parametrize(
    ("text", "blank"),
    [
        pytest.param("", True, id="empty"),
        pytest.param(" \t\r", True, id="ascii white space"),
        pytest.param("\u00a0\u2003\u3000\u0085", True, id="unicode white space"),
        pytest.param("\u200b", False, id="a zero-width space is no white space"),
        pytest.param("\x1f", False, id="a control character is no white space"),
        pytest.param("a", False, id="a letter"),
        pytest.param(" a", False, id="a letter after a space"),
        pytest.param("~", False, id="the last visible ascii character"),
        pytest.param("坂", False, id="another script"),
        pytest.param(None, None, id="null"),
    ],
)
def test_blank_is_nothing_but_white_space(spark: SparkSession, text: str | None, blank: bool | None) -> None:
    frame = frame_of(spark, [(text,)], "text string")
    assert frame.select(is_blank(F.col("text"))).collect() == [(blank,)]
