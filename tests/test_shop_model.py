"""The shop's model on sessions and funnels, worked out by hand from the rules."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given

from tests.shop_logs import ShopLog, shop_logs
from tests.shop_model import Event, User
from tests.shop_model.funnel import STEPS, WINDOW, user_path
from tests.shop_model.orders import that_count
from tests.shop_model.sessions import buys, runs_of, tier_at
from tests.shop_rows import (
    ANN,
    BOB,
    SHOE,
    SOCK,
    at,
    event,
    funnel,
    order,
    purchase,
    sessions,
    steps,
    table,
)


@pytest.mark.parametrize(("pause", "number"), [("10:30:00.000000", 1), ("10:30:00.000001", 2)])
def test_more_than_30_minutes_open_a_session(pause: str, number: int) -> None:
    assert len(sessions(event("LOGIN", at("10:00:00")), event("LOGIN", at(pause)))) == number


def test_midnight_login_and_claims_never_split() -> None:
    late, early = at("23:59:00"), at("00:01:00", 2)
    found = sessions(
        event("PAGE_VIEW", late, client_session_id="a"),
        event("LOGOUT", late),
        event("LOGIN", early, client_session_id="b"),
        event("PAGE_VIEW", early, BOB),
    )
    assert [(one.user_id, len(one.run), one.duration_seconds) for one in found] == [(ANN, 3, 120), (BOB, 1, 0)]


def test_equal_times_by_type_id_device() -> None:
    noon = at("12:00:00")
    events = [
        event("SEARCH", noon, device_type="desktop", event_id="a"),
        event("PAGE_VIEW", noon, device_type="desktop", event_id="b"),
        event("PAGE_VIEW", noon, device_type="other", event_id="a"),
        event("PAGE_VIEW", noon, device_type="tablet", event_id="a"),
    ]
    (run,) = runs_of(events)
    assert run == [events[3], events[2], events[1], events[0]]
    assert sessions(*events)[0].device_type == "tablet"


def test_tier_is_the_latest_and_the_higher() -> None:
    users = [
        User(ANN, "gold", at("10:00:00")),
        User(ANN, "bronze", at("11:00:00")),
        User(ANN, "silver", at("11:00:00")),
    ]
    clocks = ("09:59:59.999999", "10:00:00", "10:59:59.999999", "11:00:00")
    assert [tier_at(users, ANN, at(clock)) for clock in clocks] == ["unknown", "gold", "gold", "silver"]
    assert tier_at(users, BOB, at("12:00:00")) == "unknown"


@pytest.mark.parametrize(
    ("records", "counts"),
    [
        pytest.param([("failed", 1, "9"), ("completed", 2, "1")], "completed", id="latest"),
        pytest.param([("completed", 1, "9"), ("refunded", 1, "5")], "refunded", id="refunded before completed"),
        pytest.param([("failed", 1, "1"), ("refunded", 1, "5")], "failed", id="failed before refunded"),
    ],
)
def test_of_one_id_one_transaction_counts(records: list[tuple], counts: str) -> None:
    orders = [order(total, status, at("10:00:00", day)) for status, day, total in records]
    assert that_count(orders)["t"].status == that_count(orders[::-1])["t"].status == counts


def test_of_equal_transactions_the_larger_total_counts() -> None:
    orders = [order("5"), order("7"), order("6")]
    assert that_count(orders)["t"].total == 7


def test_revenue_is_of_the_first_purchase() -> None:
    events = [
        purchase(at("10:00:00"), user_id=BOB),
        purchase(at("12:00:00"), event_id="f"),
        purchase(at("14:00:00"), "x"),
    ]
    mine, missing, bobs = sessions(*events, orders=[order("5", "refunded")])
    assert [one.is_converted for one in (mine, missing, bobs)] == [True] * 3
    assert [(one.gross_revenue, one.refunded, len(one.orders)) for one in (mine, missing, bobs)] == [
        (0, 0, 0),
        (0, 0, 0),
        (5, 5, 1),
    ]


def test_failed_transaction_converts_nothing() -> None:
    (session,) = sessions(*steps(*[at("10:00:00")] * 5), orders=[order("5", "failed")])
    assert (session.is_converted, session.gross_revenue, session.is_abandoned) == (False, 0, True)
    assert [reached for reached, _ in funnel("session", *session.run, orders=[order("5", "failed")])] == [1, 1, 1, 1, 0]


@pytest.mark.parametrize(
    ("events", "is_bounced"),
    [
        ([("PAGE_VIEW", "10:00:00"), ("SEARCH", "10:00:10.000000")], True),
        ([("PAGE_VIEW", "10:00:00"), ("SEARCH", "10:00:10.000001")], False),
        ([("PAGE_VIEW", "10:00:00"), ("PRODUCT_VIEW", "10:00:00")], False),
        ([("ADD_TO_CART", "10:00:00")], False),
        ([("PURCHASE", "10:00:00")], False),
        ([("CHECKOUT_START", "10:00:00"), ("REMOVE_FROM_CART", "10:00:00")], True),
    ],
)
def test_bounced_is_not_engaged(events: list[tuple[str, str]], is_bounced: bool) -> None:
    made = [event(one, at(clock), quantity=1, transaction_id="t") for one, clock in events]
    assert [session.is_bounced for session in sessions(*made)] == [is_bounced]


def test_open_reaches_the_latest_event_by_d() -> None:
    last = event("LOGIN", at("23:59:59.999999", 10), BOB)
    after = event("LOGIN", at("00:10:00", 11), "cid")
    for clock, is_open in (("23:29:59.999999", True), ("23:29:59.999998", False)):
        assert [one.is_open for one in sessions(event("LOGIN", at(clock, 10)), last, after)] == [is_open, True, True]
    assert [one.is_open for one in sessions(after)] == [False]


def test_cart_never_falls_below_zero() -> None:
    def change(event_type: str, clock: str, quantity: int, product_id: str = SHOE) -> Event:
        return event(event_type, at(clock), quantity=quantity, product_id=product_id)

    removal_first = [change("REMOVE_FROM_CART", "10:00:00", 5), change("ADD_TO_CART", "10:01:00", 1)]
    emptied = [change("ADD_TO_CART", "10:00:00", 2), change("REMOVE_FROM_CART", "10:00:00", 2)]
    other = [change("REMOVE_FROM_CART", "10:02:00", 9, SOCK)]
    assert [one.is_abandoned for one in sessions(*removal_first, *other)] == [True]
    assert [(one.has_cart, one.is_abandoned) for one in sessions(*emptied, *other)] == [(True, False)]
    assert [one.is_abandoned for one in sessions(*removal_first, purchase(at("10:02:00")))] == [False]


def test_steps_may_share_one_instant() -> None:
    assert funnel("session", *steps(*[at("10:00:00")] * 5)[::-1]) == [(1, None), (1, 0), (1, 0), (1, 0), (1, 0)]


def test_steps_must_follow_each_other() -> None:
    view, look, cart = at("10:00:00"), at("10:01:00"), at("10:00:30")
    events = [*steps(view, look, cart), event("SEARCH", at("10:00:59"))]
    assert funnel("session", *events) == [(1, None), (1, 60), (0, None), (0, None), (0, None)]


def test_user_funnel_spans_sessions_and_seven_days() -> None:
    start, end = at("10:00:00"), at("10:00:00", 8)
    for moment, reached in ((end, 1), (end + timedelta(microseconds=1), 0)):
        events = steps(start, start, start, start, moment)
        assert funnel("user", *events)[4] == (reached, WINDOW.total_seconds() if reached else None)
        assert funnel("session", *events)[4] == (0, None)


def test_deepest_start_then_the_earliest_counts() -> None:
    early, late = at("10:00:00"), at("11:00:00", 3)
    deep = [*steps(early, early), *steps(late, late, late, device_type="mobile", event_id="f")]
    # The second start goes deeper only because the first one's window is over.
    far = event("CHECKOUT_START", early + WINDOW + timedelta(seconds=1))
    assert user_path([*deep, far], {}).start.occurred_at == late
    assert user_path(deep, {}).start.occurred_at == early
    assert funnel("user", *deep, far, segment="mobile")[0][0] == 1
    assert funnel("user", *deep, segment="desktop")[2] == (1, (late - early).total_seconds())


def test_medians_are_interpolated() -> None:
    events = [
        *steps(at("10:00:00"), at("10:00:01")),
        *steps(at("10:00:00"), at("10:00:02.000001"), user_id=BOB),
        *steps(at("10:00:00"), user_id="cid"),
    ]
    assert funnel("user", *events)[1] == (2, 1.5000005)
    rows = table("funnel", *events)
    assert [(row["rate_from_previous"], row["rate_from_first"]) for row in rows[:4]] == [
        (None, 1.0),
        (2 / 3, 2 / 3),
        (0.0, 0.0),
        (None, 0.0),
    ]


@given(shop_logs())
def test_first_such_event_makes_the_earliest_chain(log: ShopLog) -> None:
    """Compare with all choices of events in order: the deepest, of these the earliest, are the path."""
    orders = that_count(log.transactions)
    for user_id in {one.user_id for one in log.events}:
        own = [one for one in log.events if one.user_id == user_id]
        path = user_path(own, orders)
        steps = [one for one in own if one.event_type != "PURCHASE" or buys(one, orders)]
        times = [[one.occurred_at for one in steps if one.event_type == step] for step in STEPS]
        chains = [
            chosen
            for depth in range(1, len(STEPS) + 1)
            for chosen in product(*times[:depth])
            if list(chosen) == sorted(chosen) and chosen[-1] - chosen[0] <= WINDOW
        ]
        assert (path is None) == (not chains)
        if path:
            deepest = [chosen for chosen in chains if len(chosen) == max(map(len, chains))]
            first = min(chosen[0] for chosen in deepest)
            assert path.times == min(chosen for chosen in deepest if chosen[0] == first)
