"""What each kind of bad line of the shop becomes, and what is kept of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession

from spark_jobs.contract import DUPLICATE
from spark_jobs.data_quality.rules import rejection_reason
from spark_jobs.logs.shop.contract import SHOP
from spark_jobs.logs.shop.rules import RULES
from tests.spark_jobs.logs.shop.records import GOOD, ID, ITEM, KINDS, OTHER_ID, RUN_DATE, Verdict, judge, line_with

OF_OTHER_RECORDS = {
    "reused_event_id",
    "repeated_purchase",
    "unknown_user",
    "unknown_product",
    "purchase_without_transaction",
    "client_session_of_several_users",
    "transaction_without_purchase",
    "transaction_of_another_user",
}
GOOD_EVENT = line_with("events")
LOGIN = {name: GOOD["events"][name] for name in ("event_id", "event_type", "occurred_at", "user_id", "device_type")} | {
    "event_type": "LOGIN"
}
MEGABYTE = 2**20


def login(**values: object) -> bytes:
    return json.dumps(LOGIN | values).encode()


def warned(*names: str, unnamed: tuple[str, ...] = ()) -> Verdict:
    return Verdict(None, frozenset(names), frozenset(unnamed))


EVENTS = {
    "a good event": (GOOD_EVENT, Verdict()),
    "with a CR": (GOOD_EVENT + b"\r", Verdict()),
    "with spaces": (json.dumps(GOOD["events"]).encode(), Verdict()),
    "a byte-order mark": (b"\xef\xbb\xbf" + GOOD_EVENT, Verdict()),
    "two byte-order marks": (b"\xef\xbb\xbf" * 2 + GOOD_EVENT, Verdict("invalid_json")),
    "an empty line": (b"", Verdict("invalid_json")),
    "an array of events": (b"[" + GOOD_EVENT + b"," + GOOD_EVENT + b"]", Verdict("invalid_json")),
    "the first line of an array": (b"[", Verdict("invalid_json")),
    "an event with a comma after it": (GOOD_EVENT + b",", Verdict("invalid_json")),
    "another kind of record": (line_with("products"), Verdict("missing_event_id")),
    "ids in upper case": (line_with("events", event_id=ID.upper(), user_id=OTHER_ID.upper()), Verdict()),
    "a quantity as text": (line_with("events", quantity="2"), Verdict("invalid_quantity")),
    "a quantity as text on a LOGIN": (login(quantity="2"), warned("invalid_quantity")),
    "a product that is no id": (line_with("events", product_id="shoe"), Verdict("invalid_product_id")),
    "a product that is no id on a LOGIN": (login(product_id="shoe"), warned("invalid_product_id")),
    "no zone": (line_with("events", occurred_at="2024-05-01T12:00:00"), Verdict("invalid_occurred_at")),
    "epoch milliseconds": (line_with("events", occurred_at=1714564800000), Verdict("invalid_occurred_at")),
    "before 2015": (line_with("events", occurred_at="2014-12-31T23:59:59.999999Z"), Verdict("implausible_time")),
    "first of 2015": (line_with("events", occurred_at="2015-01-01T02:00:00+02:00"), Verdict()),
    "last of the next day": (line_with("events", occurred_at="2024-05-11T23:59:59.999999Z"), Verdict()),
    "two days after": (line_with("events", occurred_at="2024-05-12T00:00:00Z"), Verdict("implausible_time")),
    "a repeated name": (GOOD_EVENT[:-1] + b',"browser":"Safari"}', Verdict("invalid_json")),
    "half a surrogate pair": (login(browser="\ud83d"), Verdict("invalid_json")),
    "a surrogate in UTF-8": (login(browser="x").replace(b"x", b"\xed\xa0\xbd"), Verdict("invalid_encoding")),
    "Latin-1": (login(browser="x").replace(b"x", b"\xe9"), Verdict("invalid_encoding")),
    "no JSON and no UTF-8": (b"\xff", Verdict("invalid_encoding")),
    "a field more": (login(colour="red", size=1), warned("unnamed_field", unnamed=("colour", "size"))),
    "a field that changed its type": (login(browser={"name": "Firefox"}), warned("invalid_browser")),
    "an invalid and an unnamed one": (
        login(ip_address="localhost", x=1),
        warned("invalid_ip_address", "unnamed_field", unnamed=("x",)),
    ),
    "a blank optional field": (login(browser=" "), Verdict()),
    "missing before invalid": (login(event_id="x", device_type=""), Verdict("missing_device_type")),
    "a page of a megabyte": (login(page_url="x" * (MEGABYTE - 500)), warned("invalid_page_url")),
    "a line of a megabyte": (login(page_url="x" * MEGABYTE), Verdict("invalid_json")),
    "a megabyte of quotes": (b'"' * MEGABYTE, Verdict("invalid_json")),
    "a megabyte of brackets": (b"[" * MEGABYTE, Verdict("invalid_json")),
    "a megabyte of members": (login(x=[{"a": 1}] * (MEGABYTE // 10 - 100)), warned("unnamed_field", unnamed=("x",))),
}
TRANSACTIONS = {
    "a good transaction": (line_with("transactions"), Verdict()),
    "a total of one cent more": (line_with("transactions", total=45.49), warned("inconsistent_total")),
    "numbers as texts": (line_with("transactions", total="45.48", tax="0.5"), Verdict()),
    "an invalid tax is none": (line_with("transactions", tax=0.505, total=44.98), warned("invalid_tax")),
    "a discount above the sum": (
        line_with("transactions", discount=40, shipping=50, total=50.48),
        warned("inconsistent_total"),
    ),
    "no items": (line_with("transactions", items=[]), Verdict("invalid_items")),
    "an item without price": (
        line_with("transactions", items=[{"product_id": ID, "quantity": 1}]),
        Verdict("invalid_items"),
    ),
    "a name repeated in an item": (
        line_with("transactions").replace(b'"quantity"', b'"quantity":1,"quantity"'),
        Verdict("invalid_json"),
    ),
    "three kinds of number": (
        line_with("transactions", items=[ITEM | {"quantity": 2.0, "unit_price": "0019.99"}]).replace(b"0.5", b"50e-2"),
        Verdict(),
    ),
}


@pytest.fixture(scope="module")
def judged(spark: SparkSession) -> Callable[[str, str], tuple[Verdict, Row]]:
    """The verdicts on all lines, each kind judged once."""
    found = {}
    for kind, cases in (("events", EVENTS), ("transactions", TRANSACTIONS)):
        verdicts = judge(spark, kind, [line for line, _ in cases.values()])
        found |= {(kind, name): verdict for name, verdict in zip(cases, verdicts, strict=True)}
    return lambda kind, name: found[kind, name]


@pytest.mark.parametrize("name", EVENTS)
def test_line_of_events_has_its_verdict(judged: Callable[[str, str], tuple[Verdict, Row]], name: str) -> None:
    assert judged("events", name)[0] == EVENTS[name][1]


@pytest.mark.parametrize("name", TRANSACTIONS)
def test_line_of_transactions_has_its_verdict(judged: Callable[[str, str], tuple[Verdict, Row]], name: str) -> None:
    assert judged("transactions", name)[0] == TRANSACTIONS[name][1]


@pytest.mark.parametrize("records", SHOP.kinds, ids=KINDS)
def test_every_reason_and_warning_has_a_rule(spark: SparkSession, records: object) -> None:
    rules = RULES[records.name]
    assert [*rules.reasons(RUN_DATE), DUPLICATE] == list(records.reason_names)
    assert list(rules.warnings()) == [name for name in records.warning_names if name not in OF_OTHER_RECORDS]


def test_values_are_normalised(spark: SparkSession) -> None:
    spelled = line_with("events", event_id=ID.upper(), occurred_at="2024-05-01T10:00:00.500000Z", page_url="/shoes")
    (_, plain), (_, other) = judge(spark, "events", [GOOD_EVENT, spelled])
    assert (plain.event_id, plain.occurred_at, plain.page_url) == (ID, "2024-05-01 10:00:00.5", "/shoes")
    assert other.row_key == plain.row_key


def test_items_and_amounts_have_their_types(judged: Callable[[str, str], tuple[Verdict, Row]]) -> None:
    row = judged("transactions", "three kinds of number")[1]
    assert row["items"] == f"[{{{ID}, 2, 19.99}}]"
    assert Decimal(row.tax) == Decimal("0.5")


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        pytest.param("events", {"browser": "Safari"}, id="an optional text"),
        pytest.param("events", {"transaction_id": OTHER_ID, "session_id": ID}, id="two ids swapped"),
        pytest.param("events", {"transaction_id": None, "session_id": ID}, id="an id in another field"),
        pytest.param("transactions", {"items": [ITEM, ITEM]}, id="an item twice"),
        pytest.param("transactions", {"tax": 0.51}, id="a cent"),
        pytest.param("users", {"tier": "silver"}, id="a tier"),
    ],
)
def test_row_key_differs_with_content(spark: SparkSession, kind: str, change: dict[str, object]) -> None:
    base = {"session_id": None} if "session_id" in change and change["transaction_id"] is None else {}
    (_, one), (_, other) = judge(spark, kind, [line_with(kind, **base), line_with(kind, **change)])
    assert one.row_key != other.row_key


def test_absent_amount_is_the_content_of_zero(spark: SparkSession) -> None:
    lines = [line_with("transactions", discount=0), line_with("transactions", discount=None)]
    (_, zero), (_, absent) = judge(spark, "transactions", lines)
    assert zero.row_key == absent.row_key


def test_without_key_sensitive_values_are_told_apart_in_a_load(spark: SparkSession) -> None:
    lines = [line_with("users"), line_with("users", email="bob@shop.example"), line_with("users", email=None)]
    rows = [row for _, row in judge(spark, "users", lines)]
    assert {row.email for row in rows} == {None}
    assert len({row.row_key for row in rows}) == 1
    assert len({row.sensitive_key for row in rows}) == 3


def test_unparsable_line_keeps_its_length_alone(judged: Callable[[str, str], tuple[Verdict, Row]]) -> None:
    kept = judged("events", "an array of events")[1].kept
    assert kept.asDict() == {"line": None, "length": 2 * len(GOOD_EVENT) + 3, "hmac": None}


def test_rejected_record_without_key_keeps_no_sensitive_value(spark: SparkSession) -> None:
    line = line_with(
        "users", tier="iron", email={"of": "ada@shop.example"}, note='"\\\u00e9', size=1.50, n=[True, {"a": "1"}]
    )
    escaped = line.replace(b'"email"', b'"\\u0065mail"').replace(b"1.5", b"1.500e0")
    for _, row in judge(spark, "users", [line, escaped]):
        assert json.loads(row.kept.line) == json.loads(line) | {"email": None}


def test_record_is_kept_to_the_letter_where_nothing_is_sensitive(spark: SparkSession) -> None:
    line = line_with("users", tier="iron", email=None, n=1.50).replace(b"1.5", b"1.500e0")
    ((_, row),) = judge(spark, "users", [line])
    assert row.kept.line.encode() == line


@pytest.mark.parametrize(
    ("change", "is_told"),
    [
        pytest.param({"page_url": "/shoes"}, True, id="all of it"),
        pytest.param({}, False, id="a page that was cut"),
        pytest.param({"page_url": "/shoes", "colour": "red"}, False, id="an unnamed field"),
        pytest.param({"page_url": "/shoes", "browser": 5}, False, id="an invalid field"),
        pytest.param({"page_url": "/shoes", "browser": None}, True, id="a null"),
    ],
)
def test_columns_tell_a_record_that_lost_nothing(spark: SparkSession, change: dict[str, object], is_told: bool) -> None:
    ((_, row),) = judge(spark, "events", [line_with("events", **change)])
    assert row.is_written is is_told
    expected = GOOD["events"] | {"page_url": "/shoes", "occurred_at": "2024-05-01T10:00:00.500000Z"} | change
    if is_told:
        hidden = ("search_query", "ip_address")
        told = {name: value for name, value in expected.items() if name not in hidden and value is not None}
        assert json.loads(row.written) == told


def test_line_of_50_megabytes_is_no_record(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(login(page_url="x" * 50 * MEGABYTE) + b"\n" + GOOD_EVENT + b"\n")
    parsed = RULES["events"].parse(spark.read.text(str(tmp_path / "log")).withColumnRenamed("value", "line"))
    found = parsed.select(rejection_reason(KINDS["events"], RULES["events"].reasons(RUN_DATE))).collect()
    assert sorted(found, key=str) == [("invalid_json",), (None,)]
