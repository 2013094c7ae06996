"""What an input is to a run: the whole log, or what has arrived for the run date and is added to the latest before."""

from __future__ import annotations

FULL, DAILY = "full", "daily"
LOADS = (FULL, DAILY)
