"""What a generated notes log looks like, in numbers: shares, rates and lengths. Everything random follows these."""

from __future__ import annotations

from datetime import date

import numpy as np

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
EIGHT_HOURS = 8 * HOUR
# Nothing before it is plausible.
EARLIEST = date(2005, 1, 1)

# --- Users. The user at place n comes 1 / (n + FLATTENED) as often as the first: Zipf's law, its head cut off.
INTERACTIONS_A_USER, FLATTENED = 200, 10
HOT_SHARE = 0.10
# Were there before the log; the others join while it runs. Of all: leave before it ends.
THERE_BEFORE, LEAVES = 0.4, 0.35
# Every such user has no record, a join date after the first interaction, a second record that says otherwise.
EVERY_UNKNOWN_USER, EVERY_LATE_JOIN, EVERY_CONFLICT = 150, 97, 71

# --- Visits: each becomes one session. A day has twelve slots of two hours; in each a user has one visit at most.
SLOT, SLOTS = 2 * HOUR, 12
# A visit's interactions begin within so long, which leaves more than the gap of 30 minutes to the next slot.
LONGEST_VISIT = 80 * MINUTE
# Of more a day, those of one user in one slot might not fit, at a millisecond each.
MOST_A_DAY = 1_000_000
INTERACTIONS_A_VISIT, BOUNCES = 6, 0.2
WEEKEND = 0.5
# How many visits begin in each slot (UTC).
HOURS = (1, 1, 1, 3, 8, 10, 9, 9, 9, 7, 6, 3)

# --- Pauses within a visit, and shares of its interactions: at one instant with the one before, exactly the gap later.
SHORTEST_PAUSE, USUAL_PAUSE, LONG_PAUSE = 400, 45 * SECOND, 25 * MINUTE
TIES, PAUSES_OF_THE_GAP = 0.004, 0.001
GAP = 30 * MINUTE

# --- Interactions: page_view, edit, create, delete, share.
ACTION_SHARES = (0.55, 0.28, 0.09, 0.03, 0.05)
USUAL_DURATIONS = (20 * SECOND, 50 * SECOND, 40 * SECOND, 2 * SECOND, 6 * SECOND)
WITHOUT_DURATION, WITHOUT_LOAD = 0.03, 0.02
# A tab that stays open: up to so long.
OPEN_TABS, LONGEST_TAB = 0.003, 12 * HOUR
INTERACTIONS_A_PAGE, FEWEST_PAGES, MOST_PAGES = 200, 60, 20_000

# --- Versions: each is out from a share of the log's days on, and loads a page so fast; a user has it so much later.
VERSIONS = {
    "1.8.3": (0.0, 420),
    "1.9.0": (0.15, 400),
    "1.10.0": (0.40, 330),
    "1.10.1": (0.60, 340),
    "2.0.0": (0.80, 260),
}
MOST_DAYS_BEHIND = 21
OLDEST_DEVICE, NEWEST_DEVICE = 2014, 2026
# A page loads so much slower for each year of a device's age.
SLOWER_A_YEAR = 0.06
# Of the log's days: on one all pages load slowly, on one nobody comes. A shorter log has neither.
SLOW_DAY, QUIET_DAY, SLOWER = 0.35, 0.7, 4
FEWEST_DAYS_WITH_EVENTS = 10

# --- Dirt, in shares of accepted records: whole copies, and damaged copies, which share the reasons among them evenly.
DUPLICATES, DAMAGED = 0.005, 0.005
# Of all records: these arrive one to three days late.
LATE, MOST_DAYS_LATE = 0.01, 3
OFFSETS_IN_MINUTES, OFFSET_SHARES = (0, 60, -300, 330), (0.95, 0.03, 0.01, 0.01)

Shares = tuple[float, ...]


def drawn(rng: np.random.Generator, number: int, shares: Shares) -> np.ndarray:
    """Draw so many places of a list of shares, which need not add up to 1.

    >>> drawn(np.random.default_rng(1), 4, (0.0, 1.0, 0.0)).tolist()
    [1, 1, 1, 1]
    """
    bounds = np.cumsum(np.array(shares))
    return np.minimum(np.searchsorted(bounds, rng.random(number) * bounds[-1], side="right"), len(shares) - 1)
