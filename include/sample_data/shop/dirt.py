"""What is wrong in a generated log: whole copies of its records, and damaged ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from include.sample_data.shop import damage, shape
from spark_jobs.contract import DUPLICATE, Records
from spark_jobs.logs.shop.contract import EVENT_TYPES

# A copy comes so much later at most.
_COPIES_WITHIN = 30 * shape.HOUR
_STEP = 7919


@dataclass
class Dirt:
    """Adds bad records of one kind to good ones, block after block, and counts them by reason."""

    records: Records
    rejected: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    damaged: int = 0

    def add(
        self, rng: np.random.Generator, lines: list[bytes], at: np.ndarray, types: np.ndarray | None = None
    ) -> tuple[list[bytes], np.ndarray, np.ndarray]:
        """Return the good and bad lines, when each arrives, and for each good one how many copies there are.

        `types`: of events, the place of each one's type in `EVENT_TYPES`.
        """
        copied = rng.random(len(lines)) < shape.DUPLICATES
        which = np.flatnonzero(copied)
        copies_at = at[which] + rng.integers(0, _COPIES_WITHIN, len(which))
        self.rejected[DUPLICATE] += len(which)
        self.accepted += len(lines)
        damaged, sources = self._damaged(lines, types)
        every = [*lines, *(lines[one] for one in which.tolist()), *damaged]
        return every, np.concatenate([at, copies_at, at[sources]]), copied.astype(np.int64)

    def _damaged(self, lines: list[bytes], types: np.ndarray | None) -> tuple[list[bytes], np.ndarray]:
        """Damage as many records as are due by now, for each reason in turn; return them and the good ones' places."""
        reasons = damage.reasons_of(self.records)
        due = round(shape.DAMAGED * self.accepted)
        damaged, sources = [], []
        for number in range(self.damaged, due):
            reason, way = reasons[number % len(reasons)], number // len(reasons)
            able = self._able(reason, types, len(lines))
            if not len(able):
                continue
            source = int(able[number * _STEP % len(able)])
            damaged.append(damage.damaged(lines[source], self.records, reason, way))
            sources.append(source)
            self.rejected[reason] += 1
        self.damaged = due
        return damaged, np.array(sources, np.int64)

    def _able(self, reason: str, types: np.ndarray | None, number: int) -> np.ndarray:
        """Which records can be damaged for a reason? Those of the types that need the field."""
        names = damage.types_for(self.records, reason)
        if types is None or not names:
            return np.arange(number)
        return np.flatnonzero(np.isin(types, [EVENT_TYPES.index(name) for name in names]))
