"""The steps of the funnel, and the columns of their times."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from spark_jobs.logs.shop.contract import SHOP

# In their order, which also decides at one instant.
STEPS = ("PAGE_VIEW", "PRODUCT_VIEW", "ADD_TO_CART", "CHECKOUT_START", "PURCHASE")
# When each step was reached.
STEP_TIMES = tuple(f"{step.lower()}_at" for step in STEPS)
START, LAST_STEP = 1, len(STEPS)
PURCHASE = STEPS[-1]
DEVICES = SHOP.events.values_of("device_type")

# What tells a session: its user, and its last event's time.
SESSION = ("user_id", "ended_at")


def step_of(event_type: Column, is_failed: Column) -> Column:
    """Return the step that an event is (int), 0 for none; a PURCHASE whose transaction has failed is none."""
    # An event of another type than PURCHASE may name a transaction, too.
    is_none = is_failed & (event_type == PURCHASE)
    return F.when(is_none, 0).otherwise(place_in(STEPS, event_type))


def place() -> Column:
    """Return the sort key of events of one type: by time, then by event_id, then by device as the contract lists it."""
    device = place_in(DEVICES, F.col("device_type"))
    return F.struct("occurred_at", "event_id", device.alias("device"))


def deepest_step(times: list[Column]) -> Column:
    """Return how many steps were reached (int), given the times of all: none has a time after one that has none."""
    return sum((time.isNotNull().cast("int") for time in times), start=F.lit(0))


def place_in(texts: tuple[str, ...], text: Column) -> Column:
    """Return the place of a text among others (int, from 1), 0 for another one."""
    return F.array_position(listed(texts), text).cast("int")


def listed(texts: tuple[str, ...]) -> Column:
    """Return an array of texts."""
    return F.array(*(F.lit(text) for text in texts))
