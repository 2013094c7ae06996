"""The JSON Schemas that the contracts come to, read by the library `jsonschema`."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, validators

from spark_jobs import json_schema
from spark_jobs.logs.contracts import CONTRACTS

ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
# 0.01 is no binary fraction: only of decimals can be told which are a multiple of it.
OfDecimals = validators.extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: is_whole(value)),
)
EVENT = {
    "event_id": ID,
    "event_type": "LOGIN",
    "occurred_at": "2026-11-19T10:00:00.123456+05:30",
    "user_id": ID.upper(),
    "device_type": "mobile",
}
ITEM = {"product_id": ID, "quantity": 2, "unit_price": "19.99"}
TRANSACTION = {
    "transaction_id": ID,
    "user_id": ID,
    "occurred_at": "2026-11-19T10:00:00Z",
    "status": "completed",
    "payment_method": "card",
    "currency": "EUR",
    "items": [ITEM],
    "total": 39.98,
}
INTERACTION = {
    "user_id": "u 1",
    "timestamp": "2026-11-19T10:00:00.123Z",
    "action_type": "edit",
    "page_id": "p",
    "app_version": "1.10.2",
}


def is_whole(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | Decimal) and value % 1 == 0


def faults(log: str, kind: str, record: dict[str, Any]) -> list[str]:
    """Where the record breaks the schema: field by field, and the names that are missing."""
    contract = CONTRACTS[log]
    records = next(one for one in contract.kinds if one.name == kind)
    text = json.dumps(json_schema.json_schema(contract, records))
    validator = OfDecimals(json.loads(text, parse_float=Decimal), format_checker=Draft202012Validator.FORMAT_CHECKER)
    read = json.loads(json.dumps(record), parse_float=Decimal)
    found = []
    for error in validator.iter_errors(read):
        missing = [name for name in error.validator_value if name not in read] if error.validator == "required" else []
        found += missing or [str(error.absolute_path[0])]
    return sorted(set(found))


@pytest.mark.parametrize("text", json_schema.files().values(), ids=json_schema.files())
def test_each_is_a_schema_of_the_standard(text: str) -> None:
    Draft202012Validator.check_schema(json.loads(text))


def test_the_files_are_what_the_contracts_say() -> None:
    found = {path.name: path.read_text() for path in json_schema.DIRECTORY.glob("*.json")}
    assert found == json_schema.files()


def test_check_names_the_file_that_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    json_schema.main(tmp_path)
    (tmp_path / "shop.users.schema.json").write_text("{}")
    (tmp_path / "old.schema.json").write_text("{}")
    monkeypatch.setattr("sys.argv", ["json_schema", "--check"])
    with pytest.raises(SystemExit, match=r"say: old.schema.json, shop.users.schema.json in"):
        json_schema.main(tmp_path)


@pytest.mark.parametrize(
    ("log", "kind", "record"),
    [
        pytest.param("shop", "events", EVENT, id="an event"),
        pytest.param("shop", "events", EVENT | {"page_url": None, "browser": None}, id="null is absent"),
        pytest.param("shop", "events", EVENT | {"colour": "red"}, id="a name that the contract lacks"),
        pytest.param("shop", "events", EVENT | {"ip_address": "2001:db8::1"}, id="IPv6"),
        pytest.param("shop", "transactions", TRANSACTION, id="a transaction"),
        pytest.param("shop", "transactions", TRANSACTION | {"items": [ITEM | {"quantity": 2.0}]}, id="2.0 items"),
        pytest.param("notes", "interactions", INTERACTION, id="an interaction"),
    ],
)
def test_a_valid_record_passes(log: str, kind: str, record: dict[str, Any]) -> None:
    assert faults(log, kind, record) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        pytest.param({"event_id": ID[:-1]}, "event_id", id="35 characters"),
        pytest.param({"event_id": ID + "\n"}, "event_id", id="a line end after it"),
        pytest.param({"event_id": None}, "event_id", id="null"),
        pytest.param({"event_type": "login"}, "event_type", id="another case"),
        pytest.param({"event_type": "PAGE_VIEW"}, "page_url", id="absent where the type needs it"),
        pytest.param({"event_type": "PAGE_VIEW", "page_url": None}, "page_url", id="null where the type needs it"),
        pytest.param({"page_url": "\u00a0\u2003"}, "page_url", id="white space of Unicode alone"),
        pytest.param({"page_url": "x" * 2049}, "page_url", id="longer than its limit"),
        pytest.param({"quantity": "2"}, "quantity", id="a number as text"),
        pytest.param({"quantity": True}, "quantity", id="a truth"),
        pytest.param({"quantity": 1001}, "quantity", id="above the range"),
        pytest.param({"occurred_at": "2026-11-19T10:00:00"}, "occurred_at", id="no zone"),
        pytest.param({"occurred_at": "2026-02-30T10:00:00Z"}, "occurred_at", id="no such day"),
        pytest.param({"occurred_at": "2026-11-19T10:00:60Z"}, "occurred_at", id="second 60"),
        pytest.param({"occurred_at": "2026-11-19T10:00:00+18:01"}, "occurred_at", id="an offset above 18 hours"),
        pytest.param({"occurred_at": "2026-11-19T10:00:00.1234567Z"}, "occurred_at", id="seven decimals"),
        pytest.param({"occurred_at": "٢٠٢٦-11-19T10:00:00Z"}, "occurred_at", id="digits of another script"),
        pytest.param({"ip_address": "1.2.3"}, "ip_address", id="three numbers"),
    ],
)
def test_an_event_that_breaks_a_rule_is_told(change: dict[str, Any], fault: str) -> None:
    assert faults("shop", "events", EVENT | change) == [fault]


@pytest.mark.parametrize(
    "amount", ["1.005", 1.005, -1, "-1", "1e3", 10_000_000_000, "12345678901", "", True, 0.1 + 0.2]
)
def test_an_amount_with_too_many_digits_is_invalid(amount: Any) -> None:
    assert faults("shop", "transactions", TRANSACTION | {"total": amount}) == ["total"]


@pytest.mark.parametrize("amount", [0, 0.1, 19.99, 9_999_999_999.99, "0", "0019.9", "9999999999.99"])
def test_an_amount_of_cents_is_valid(amount: Any) -> None:
    assert faults("shop", "transactions", TRANSACTION | {"total": amount}) == []


def test_a_leap_second_is_a_time_of_listening() -> None:
    listen = {"user_id": "u", "timestamp": "2008-12-31T23:59:60Z", "artist_name": "a", "track_name": "t"}
    assert faults("listening", "listens", listen) == []


@pytest.mark.parametrize("version", ["1.2", "01.2.3", "1.2.3.4", "1.2.x", "1.2.3\n"])
def test_a_version_has_three_plain_numbers(version: str) -> None:
    assert faults("notes", "interactions", INTERACTION | {"app_version": version}) == ["app_version"]
