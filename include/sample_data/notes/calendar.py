"""The days that a log covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from include.sample_data.notes import shape
from include.sample_data.notes.shape import DAY

_FRIDAY = 4


@dataclass(frozen=True)
class Calendar:
    """So many days up to the end of a day (UTC). Times are milliseconds since 1970, days are numbered from 0."""

    last_day: date
    days: int

    @property
    def start(self) -> int:
        """The first instant of the first day."""
        first = datetime.combine(self.date_of(0), datetime.min.time(), UTC)
        return int(first.timestamp()) * shape.SECOND

    @property
    def end(self) -> int:
        """The first instant after the last day."""
        return self.start + self.days * DAY

    @property
    def earliest(self) -> int:
        """The number of the first plausible day, 0 or below: nobody joined before it."""
        return (shape.EARLIEST - self.date_of(0)).days

    @property
    def slow_day(self) -> int:
        """The day on which pages load slowly; -1 in a short log."""
        return self._day_at(shape.SLOW_DAY)

    @property
    def quiet_day(self) -> int:
        """The day on which nobody comes; -1 in a short log."""
        return self._day_at(shape.QUIET_DAY)

    @property
    def weights(self) -> np.ndarray:
        """How often visits begin on each day, relative to each other: fewer at weekends, none on the quiet day."""
        is_weekend = np.array([self.date_of(day).weekday() > _FRIDAY for day in range(self.days)])
        return np.where(is_weekend, shape.WEEKEND, 1.0) * (np.arange(self.days) != self.quiet_day)

    @property
    def is_closed_late(self) -> np.ndarray:
        """The days whose last slot stays empty: it reaches into the next day, which is quiet or after the log."""
        return np.isin(np.arange(self.days), [self.quiet_day - 1, self.days - 1])

    def date_of(self, day: int) -> date:
        """Return the date of a numbered day."""
        return self.last_day - timedelta(days=self.days - 1 - day)

    def day_of(self, times: np.ndarray) -> np.ndarray:
        """Return the number of the day of each time; the first or last day for a time outside the log."""
        return np.clip((times - self.start) // DAY, 0, self.days - 1)

    def _day_at(self, share: float) -> int:
        return int(self.days * share) if self.days >= shape.FEWEST_DAYS_WITH_EVENTS else -1
