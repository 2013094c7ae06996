"""The shop's model on single records, by examples from the rules."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.shop_faults import BREAKAGES, ITEM, ODD, UUID_TEXT, object_of
from tests.shop_lines import line_of
from tests.shop_logs import RUN_DATE
from tests.shop_model import Event, Item, Transaction, User, judge, masked, strict_json
from tests.shop_model.records import FIELDS, judge_line
from tests.shop_model.values import integer, ip, is_blank, money, text, time, url, uuid

EVENT = {
    "event_id": f'"{UUID_TEXT}"',
    "event_type": '"LOGIN"',
    "occurred_at": '"2024-05-01T12:00:00Z"',
    "user_id": f'"{UUID_TEXT}"',
    "device_type": '"mobile"',
}
TRANSACTION = {
    "transaction_id": f'"{UUID_TEXT}"',
    "user_id": f'"{UUID_TEXT}"',
    "occurred_at": '"2024-05-01T12:00:00Z"',
    "status": '"completed"',
    "payment_method": '"card"',
    "currency": '"EUR"',
    "items": f"[{object_of(ITEM)}]",
    "total": "1.10",
}
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def verdict(kind: str = "events", **changes: str | None) -> object:
    """The reason against a record, or its row and warnings. A field of None is absent."""
    fields = {**(EVENT if kind == "events" else TRANSACTION), **changes}
    line = object_of({name: value for name, value in fields.items() if value is not None}).encode()
    found = judge_line(kind, line, RUN_DATE)
    return found if isinstance(found, str) else (found.row, found.warnings)


def warnings(kind: str = "events", **changes: str) -> list[str]:
    return verdict(kind, **changes)[1]


def test_events_take_no_file_but_lines() -> None:
    line = object_of(EVENT).encode()
    judged = judge({"events": [b"\xef\xbb\xbf" + line + b"\r\n\n\xef\xbb\xbf" + line, line + b"\n", b""]}, RUN_DATE)
    # The first line, its duplicate in another file; an empty line, and a mark that starts no file.
    assert (len(judged.accepted["events"]), judged.reasons["events"]) == (1, Counter(invalid_json=2, duplicate=1))


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_line_is_no_json_object(breakage: str) -> None:
    broken = BREAKAGES[breakage](object_of(EVENT).encode())
    encoding = breakage in ("latin_1", "encoded_surrogate", "overlong")
    assert judge_line("events", broken, RUN_DATE) == ("invalid_encoding" if encoding else "invalid_json")


def test_first_reason_missing_before_invalid_before_time() -> None:
    bad = {"event_id": '"1"', "event_type": '"X"', "occurred_at": '"2014-12-31T23:59:59Z"'}
    assert verdict(**bad, user_id='" "', device_type="null") == "missing_user_id"
    assert verdict(**bad, device_type=None) == "missing_device_type"
    assert verdict(**bad) == "invalid_event_id"
    assert verdict(occurred_at=bad["occurred_at"], event_type='"X"') == "invalid_event_type"
    assert verdict(occurred_at=bad["occurred_at"]) == "implausible_time"


@pytest.mark.parametrize(
    ("moment", "is_plausible"),
    [
        ("2014-12-31T23:59:59.999999Z", False),
        ("2015-01-01T00:00:00Z", True),
        ("2024-05-11T23:59:59.999999Z", True),
        ("2024-05-12T00:00:00Z", False),
        ("2024-05-12T01:59:59+02:00", True),
        ("0001-01-01T00:00:00+18:00", False),
    ],
)
def test_time_is_plausible_until_two_days_after(moment: str, is_plausible: bool) -> None:
    assert (verdict(occurred_at=json.dumps(moment)) != "implausible_time") is is_plausible


def test_time_of_validity_is_never_implausible() -> None:
    user = User(UUID_TEXT, "gold", datetime(1999, 1, 1, tzinfo=UTC))
    assert judge_line("users", line_of(user), RUN_DATE).row == user


def test_fields_required_on_some_types_only() -> None:
    for name, types in {
        "page_url": ["PAGE_VIEW"],
        "product_id": ["PRODUCT_VIEW", "ADD_TO_CART", "REMOVE_FROM_CART"],
        "quantity": ["ADD_TO_CART", "REMOVE_FROM_CART"],
        "search_query": ["SEARCH"],
        "transaction_id": ["PURCHASE"],
    }.items():
        needed = {"page_url": '"/"', "product_id": f'"{UUID_TEXT}"', "quantity": "1", "search_query": '"a"'}
        others = {**needed, "transaction_id": f'"{UUID_TEXT}"', name: None}
        for one in types:
            assert verdict(event_type=f'"{one}"', **others) == f"missing_{name}"
            assert verdict(event_type=f'"{one}"', **{**others, name: "[]"}) == f"invalid_{name}"
        assert warnings(**{name: "[]"}) == [f"invalid_{name}"]


@pytest.mark.parametrize(
    ("read", "good", "bad"),
    [
        pytest.param(uuid, ODD["user_id"][:1], ODD["user_id"][1:], id="uuid"),
        pytest.param(integer, ["1", "2.0", "20e-1", "1e3", "1000"], ["0", "1001", "2.5", '"2"', "true"], id="integer"),
        pytest.param(
            money,
            ["0", "-0", "1e2", "10.500", "9999999999.99", '"10.5"', '"0010"', '"9999999999.99"'],
            [
                "1.999",
                "-1",
                "10000000000",
                "1e400",
                "true",
                '"-0"',
                '"1e2"',
                '"1.999"',
                '"00000000010"',
                '" 1"',
                '"1."',
            ],
            id="money",
        ),
        pytest.param(
            time,
            [f'"2024-05-01T12:00:00{end}"' for end in ("Z", ".1Z", ".123456Z", "+18:00", "-18:00", "-00:00")],
            [f'"2024-05-01T12:00:00{end}"' for end in ("", "z", ".Z", ".1234567Z", "+18:01", "+17:60", "+0200", " Z")]
            + [f'"{day}Z"' for day in ("2024-05-01T12:00:60", "2024-05-01 12:00:00", "2023-02-29T12:00:00")]
            + ['"0000-01-01T12:00:00Z"', "1714564800000"],
            id="time",
        ),
        pytest.param(
            ip, ['"1.2.3.4"', '"::1"', '"2001:DB8::1"'], ['"1.2.3"', '"fe80::1%eth0"', '" ::1"', "1"], id="ip"
        ),
        pytest.param(text(1), ['"\\ud83d\\udc5f"', '" "'], ['"ab"', "1"], id="text"),
    ],
)
def test_types_take_and_refuse(read: object, good: list[str], bad: list[str]) -> None:
    def takes(written: str) -> bool:
        try:
            read(strict_json.object_of(f'{{"x": {written}}}')["x"])
        except ValueError:
            return False
        return True

    assert [one for one in good if not takes(one)] == []
    assert [one for one in bad if takes(one)] == []


def test_content_is_normalised() -> None:
    row, found = verdict(
        event_id=f'"{UUID_TEXT.upper()}"',
        event_type='"PAGE_VIEW"',
        occurred_at='"2024-05-01T14:00:00.5+02:00"',
        page_url='"/a?b#c"',
        quantity="2.0",
        session_id=f'"{UUID_TEXT.upper()}"',
        browser='" "',
        colour="1",
    )
    assert row == Event(
        UUID_TEXT,
        "PAGE_VIEW",
        NOON.replace(microsecond=500_000),
        UUID_TEXT,
        "mobile",
        page_url="/a",
        quantity=2,
        client_session_id=UUID_TEXT,
    )
    assert found == ["unnamed_field"]


def test_length_is_judged_before_the_cut() -> None:
    assert url("/" + "a" * 2040 + "?123456") == "/" + "a" * 2040
    with pytest.raises(ValueError, match="invalid"):
        url("/" + "a" * 2040 + "?1234567")


def test_white_space_is_unicodes() -> None:
    assert [is_blank(one) for one in ("\u3000\u2003\x85 ", "\u200b")] == [True, False]
    assert verdict(device_type='" mobile"') == "invalid_device_type"


def test_transaction_reads_money_and_items() -> None:
    row, found = verdict("transactions", discount='"x"', shipping="0.20", total='"1.30"', currency='"EUR"')
    assert row == Transaction(
        *(UUID_TEXT, UUID_TEXT, NOON, "completed", "card", "EUR"),
        items=(Item(UUID_TEXT, 1, Decimal("1.1")),),
        total=Decimal("1.3"),
        shipping=Decimal("0.2"),
    )
    assert found == ["invalid_discount"]
    for items in (
        "[]",
        "{}",
        "[1]",
        f"[{', '.join([object_of(ITEM)] * 501)}]",
        f"[{object_of({**ITEM, 'quantity': '0'})}]",
    ):
        assert verdict("transactions", items=items) == "invalid_items"
    assert verdict("transactions", items=f"[{', '.join([object_of(ITEM)] * 500)}]", total="550")[1] == []
    assert verdict("transactions", currency='"eur"') == "invalid_currency"


def test_total_must_add_up() -> None:
    assert warnings("transactions", total="1.11") == ["inconsistent_total"]
    assert warnings("transactions", discount="1.10", shipping="0.01", tax="0.02", total="0.03") == []
    # A discount above the sum, though shipping pays for it.
    assert warnings("transactions", discount="1.20", shipping="0.20", total="0.10") == ["inconsistent_total"]


def test_duplicates_have_the_same_content() -> None:
    first, other = object_of(EVENT).encode(), object_of({**EVENT, "browser": '"x"'}).encode()
    same = object_of({**EVENT, "colour": "1", "user_id": f'"{UUID_TEXT.upper()}"'}).encode()
    judged = judge({"events": [b"\n".join([first, same, other])]}, RUN_DATE)
    assert judged.reasons["events"] == Counter(duplicate=1)
    # Of all three the id is reused; the duplicate's own warning counts, too.
    assert judged.warnings["events"] == Counter(reused_event_id=3, unnamed_field=1, unknown_user=3)


def test_first_100_unnamed_names_are_kept() -> None:
    line = object_of({**EVENT, **{f"x{number:03}": "1" for number in reversed(range(101))}}).encode()
    judged = judge({"events": [line]}, RUN_DATE)
    assert sorted(judged.unnamed["events"]) == [f"x{number:03}" for number in range(100)]
    assert judged.warnings["events"]["unnamed_field"] == 1


def test_sensitive_values_are_masked_trimmed_and_lower() -> None:
    user = User(UUID_TEXT, "gold", NOON, email=" A@example.org\u3000")
    # printf %s a@example.org | openssl dgst -sha256 -hmac key
    digits = "82da2e98a56a9bde2eff6d9ef100a73c8487252ef499cf473e1e176cb292c7f5"
    assert masked(user, "key", "7").email == f"7:{digits}"
    assert masked(user, None).email is None


def test_every_field_has_odd_values() -> None:
    assert {one.name for fields in FIELDS.values() for one in fields} == set(ODD)
