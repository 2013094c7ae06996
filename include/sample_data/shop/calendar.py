"""The days that a log covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from include.sample_data.shop.shape import DAY, HOUR, HOURS, WEEKEND, drawn

_FRIDAY = 4


@dataclass(frozen=True)
class Calendar:
    """So many days up to the end of a day (UTC). Times are microseconds since 1970, days are numbered from 0."""

    last_day: date
    days: int

    @property
    def start(self) -> int:
        """The first instant of the first day."""
        first = datetime.combine(self.date_of(0), datetime.min.time(), UTC)
        return int(first.timestamp()) * 1_000_000

    @property
    def end(self) -> int:
        """The first instant after the last day."""
        return self.start + self.days * DAY

    def date_of(self, day: int) -> date:
        """Return the date of a numbered day."""
        return self.last_day - timedelta(days=self.days - 1 - day)

    def day_of(self, times: np.ndarray) -> np.ndarray:
        """Return the number of the day of each time; the first or last day for a time outside the log."""
        return np.clip((times - self.start) // DAY, 0, self.days - 1)

    def drawn(self, rng: np.random.Generator, buys: np.ndarray) -> np.ndarray:
        """Draw a time for each visit by the hour of the day; whoever buys comes more on Saturdays and Sundays."""
        number = len(buys)
        weekend = [WEEKEND if self.date_of(day).weekday() > _FRIDAY else 1.0 for day in range(self.days)]
        day = np.where(buys, drawn(rng, number, tuple(weekend)), rng.integers(0, self.days, number))
        hour = drawn(rng, number, HOURS)
        return self.start + day * DAY + hour * HOUR + rng.integers(0, HOUR, number)
