"""The kinds of load: the input is the whole log, or what has arrived for the run date and is added to its base."""

from __future__ import annotations

FULL, DAILY = "full", "daily"
LOADS = (FULL, DAILY)
