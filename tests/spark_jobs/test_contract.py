"""The contracts of the logs, as data."""

from dataclasses import FrozenInstanceError
from itertools import pairwise

import pytest

from spark_jobs.contract import LogContract, Records
from spark_jobs.fields import Text
from spark_jobs.logs.contracts import CONTRACTS
from spark_jobs.shared.spark_schema import spark_schema

KINDS = [pytest.param(log, kind, id=f"{log.name}.{kind.name}") for log in CONTRACTS.values() for kind in log.kinds]


def columns(kind: Records) -> set[str]:
    return set(spark_schema(kind).fieldNames())


@pytest.mark.parametrize(("log", "kind"), KINDS)
def test_every_column_that_a_contract_names_exists(log: LogContract, kind: Records) -> None:
    assert {*kind.same, *kind.order, *kind.varied, *filter(None, [kind.time])} <= columns(kind)
    assert {kind.type_field} - {""} <= {field.name for field in kind.fields}


@pytest.mark.parametrize("log", CONTRACTS.values(), ids=lambda log: log.name)
def test_sessions_count_columns_of_events(log: LogContract) -> None:
    counted = {column for _, distinct in log.sessions.distinct for column in distinct}
    assert {log.user, *counted, *filter(None, [log.sessions.each])} <= columns(log.events)


@pytest.mark.parametrize(("log", "kind"), KINDS)
def test_reasons_and_warnings_have_unique_names_and_sentences(log: LogContract, kind: Records) -> None:
    for told in (kind.reasons, kind.warnings):
        assert len({one.name for one in told}) == len(told)
        assert [one.name for one in told if not one.sentence[:1].isupper() or not one.sentence.endswith(".")] == []


@pytest.mark.parametrize(("log", "kind"), KINDS)
def test_required_types_are_types_of_the_records(log: LogContract, kind: Records) -> None:
    types = kind.named(kind.type_field).type.values if kind.type_field else ()
    assert {one for field in kind.fields if isinstance(field.required, tuple) for one in field.required} <= set(types)


@pytest.mark.parametrize(("log", "kind"), KINDS)
def test_a_duplicate_is_looked_for_after_the_fields(log: LogContract, kind: Records) -> None:
    names = [reason.name for reason in kind.reasons]
    assert names[0] == "invalid_encoding"
    assert all(
        names.index("duplicate") > names.index(name) for name in names if name.startswith(("missing", "invalid"))
    )


def test_missing_fields_are_judged_before_invalid_ones() -> None:
    reasons = [reason.name for reason in CONTRACTS["shop"].others[0].reasons]
    assert reasons == [
        "invalid_encoding",
        "invalid_json",
        *(f"missing_{name}" for name in required_of_transactions()),
        *(f"invalid_{name}" for name in required_of_transactions()),
        "implausible_time",
        "duplicate",
    ]


def required_of_transactions() -> list[str]:
    return [
        *("transaction_id", "user_id", "occurred_at", "status", "payment_method", "currency", "items"),
        "total",
    ]


def test_unknown_field_error_lists_the_known_fields() -> None:
    with pytest.raises(KeyError, match="users have no field 'name'; there are user_id, tier, valid_from"):
        CONTRACTS["shop"].others[1].named("name")


def test_only_a_choice_has_values_to_count() -> None:
    events = CONTRACTS["shop"].events
    assert events.values_of("device_type") == ("desktop", "mobile", "tablet", "other")
    with pytest.raises(KeyError, match="events have no column 'browser' of a Choice"):
        events.values_of("browser")


def test_a_contract_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Text().longest = 5  # type: ignore[misc]


def test_equal_times_are_ordered_by_compared_columns() -> None:
    """Two events may differ in what does not order them; in `same` they differ, or they are one."""
    for log in CONTRACTS.values():
        # A row key is of all columns.
        compared = columns(log.events) if log.events.has_row_key else set(log.events.same)
        assert set(log.events.order) <= compared | {"artist_id", "track_id"}
        assert all(before != after for before, after in pairwise(log.events.order))
