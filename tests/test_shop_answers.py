"""The shop's model on the other answers and the files, worked out by hand from the rules."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given

from tests.shop_lines import files_of
from tests.shop_logs import ShopLog, shop_logs
from tests.shop_model import Event, Item, User, answers, judge
from tests.shop_model.funnel import WINDOW
from tests.shop_model.judged import warnings_between
from tests.shop_rows import (
    ANN,
    BOB,
    DAY,
    SOCK,
    D,
    at,
    event,
    order,
    purchase,
    steps,
    summary,
    table,
)


def test_purchases_outside_the_order_are_counted() -> None:
    ten, later = at("10:00:00"), at("10:05:00")
    inside = steps(ten, ten, ten, ten, ten)
    one_click = [*steps(later, later, later, user_id=BOB), purchase(later, "x", BOB)]
    failed = [purchase(later, "failed", "cid")]
    orders = [order("5", "failed", transaction_id="failed", user_id="cid")]
    found = summary(*inside, *one_click, *failed, orders=orders)
    assert found["purchases_outside_order"] == 1
    assert (found["sessions_without_page_view"], found["users_without_page_view"]) == (1, 1)


def test_window_is_open_up_to_the_end_of_d() -> None:
    end = at("00:00:00", 11)
    events = [event("PAGE_VIEW", end - WINDOW), event("PAGE_VIEW", end - WINDOW - timedelta(microseconds=1), BOB)]
    assert summary(*events)["open_user_windows"] == 1


def test_every_day_up_to_d_has_a_row() -> None:
    days = [at("23:59:00", 7), at("00:01:00", 9), at("23:59:59", 10), at("00:29:59", 11)]
    rows = table("daily_metrics", *(event("LOGIN", moment) for moment in days))
    assert [(row["date"].day, row["sessions"], row["bounce_rate"]) for row in rows] == [
        (7, 1, 1.0),
        (8, 0, None),
        (9, 1, 1.0),
        (10, 1, 0.0),
    ]
    # That of the 10th goes on after midnight, with its events.
    assert rows[-1]["events"] == 2


def test_revenue_without_a_purchase_is_unattributed() -> None:
    events = [purchase(at("10:00:00"))]
    orders = [
        order("5"),
        order("7", "refunded", transaction_id="u", user_id=BOB),
        order("9", "failed", transaction_id="v"),
    ]
    found = summary(*events, orders=orders)
    names = ("orders", "gross_revenue", "refunded", "net_revenue", "unattributed_revenue")
    assert [found[name] for name in names] == [2, 12, 7, 5, 7]
    (day,) = table("daily_metrics", *events, orders=orders)
    assert (day["orders"], day["net_revenue"], day["average_order"]) == (1, 5, 5)
    assert [row["user_id"] for row in table("customer_value", *events, orders=orders)] == [ANN, BOB]


def test_products_by_session_and_by_order() -> None:
    def seen(event_type: str, day: int) -> Event:
        return event(event_type, at("10:00:00", day), quantity=1, product_id=SOCK)

    # Four sessions: all steps, a view alone, a cart alone, a purchase alone.
    events = [seen("PRODUCT_VIEW", 1), seen("ADD_TO_CART", 1), purchase(at("10:01:00"))]
    events += [seen("PRODUCT_VIEW", 2), seen("ADD_TO_CART", 3), purchase(at("10:00:00", 4), "u")]
    items = (Item(SOCK, 2, Decimal("1.50")), Item(SOCK, 1, Decimal(1)))
    sold = [("t", "refunded"), ("u", "completed"), ("v", "completed"), ("w", "failed")]
    orders = [order("1", status, transaction_id=one, user_id=BOB, items=items) for one, status in sold]
    (row,) = table("product_performance", *events, orders=orders)
    assert list(row.values()) == [SOCK, 2, 2, 1, 9, Decimal("12.00"), 0.5, 0.5]


def test_warnings_between_records() -> None:
    events = [
        event("LOGIN", at("10:00:00"), client_session_id="c"),
        event("LOGIN", at("10:00:01"), client_session_id="c"),
        event("LOGIN", at("10:00:00"), BOB, client_session_id="c"),
        purchase(at("11:00:00"), user_id=BOB),
        purchase(at("12:00:00")),
        purchase(at("12:00:00"), "missing", event_id="g"),
    ]
    orders = [order("5"), order("1", "failed", transaction_id="f"), *[order("2", transaction_id="u")] * 2]
    found = warnings_between(events, orders, [User(ANN, "gold", DAY)], [])
    assert found["events"] == {
        # Ann's two logins and a purchase, Bob's login and purchase: their ids are all "e".
        "reused_event_id": 5,
        "client_session_of_several_users": 3,
        "unknown_user": 2,
        "repeated_purchase": 1,
        "purchase_without_transaction": 1,
    }
    assert found["transactions"] == {
        "transaction_without_purchase": 2,
        "transaction_of_another_user": 1,
        "unknown_product": 4,
    }


def test_files_have_exact_texts() -> None:
    users = [User(ANN, "platinum", DAY), User(ANN, "silver", at("00:00:00", 11))]
    events = steps(*(at(f"10:00:0{second}") for second in range(5)), device_type="tablet")
    found = answers(events, [order("10", "refunded", at("10:00:04.5"))], users, [], D)
    assert found.text("customer_value") == (
        "user_id\ttier\torders\tgross_revenue\trefunded\tnet_revenue\tfirst_order_at\tlast_order_at\n"
        "ann\tsilver\t1\t10.00\t10.00\t0.00\t2024-05-01T10:00:04.500000Z\t2024-05-01T10:00:04.500000Z\n"
    )
    assert found.text("funnel").splitlines()[1:3] == [
        "session\tall\tall\t1\tPAGE_VIEW\t1\t\t1.000000\t",
        "session\tall\tall\t2\tPRODUCT_VIEW\t1\t1.000000\t1.000000\t1.000",
    ]
    lines = found.text("tier_metrics").splitlines()
    assert [line.split("\t")[0] for line in lines] == ["tier", "bronze", "silver", "gold", "platinum", "unknown"]
    assert lines[4] == "platinum\t5\t1\t1\t1\t1.000000\t1\t10.00\t10.00\t0.00\t10.00\t1\t0\t0.000000\t0.000000\t1\t0.00"
    assert lines[5] == "unknown\t0\t0\t0\t0\t\t0\t0.00\t0.00\t0.00\t\t0\t0\t\t\t0\t"
    assert found.text("daily_metrics").splitlines()[1].startswith("2024-05-01\t5\t1\t1\t1\t1.000000")
    warnings = [line.split("\t") for line in found.text("warnings").splitlines()[1:]]
    assert [kind for kind, _, _ in warnings] == ["events"] * 15 + ["transactions"] * 9 + ["users"] * 3 + ["products"]
    assert [warning for warning in warnings if warning[2] != "0"] == [
        ["events", "reused_event_id", "5"],
        ["events", "unknown_product", "2"],
        ["transactions", "unknown_product", "1"],
    ]


@given(shop_logs(shops=2))
def test_rows_and_their_lines_answer_alike(log: ShopLog) -> None:
    judged = judge(files_of(log), D)
    assert judged.accepted == vars(log)
    for name, rows in answers(*vars(log).values(), D).tables.items():
        if name != "warnings":
            assert rows == answers(*judged.accepted.values(), D).tables[name]


@given(shop_logs())
def test_tiers_add_up_to_the_summary(log: ShopLog) -> None:
    found = answers(*vars(log).values(), D)
    whole = {row["metric"]: row["value"] for row in found.tables["summary"]}
    parts = {name: sum(row[name] for row in found.tables["tier_metrics"]) for name in ("sessions", "gross_revenue")}
    assert parts["sessions"] == whole["sessions"]
    assert parts["gross_revenue"] + whole["unattributed_revenue"] == whole["gross_revenue"]
