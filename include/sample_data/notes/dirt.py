"""What is wrong in a generated log: whole copies of its records, and damaged ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from include.sample_data.notes import damage, shape
from spark_jobs.contract import DUPLICATE, Records

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

    def add(self, rng: np.random.Generator, lines: list[bytes], at: np.ndarray) -> tuple[list[bytes], np.ndarray]:
        """Return the good and the bad lines, and when each arrives."""
        which = np.flatnonzero(rng.random(len(lines)) < shape.DUPLICATES)
        copies_at = at[which] + rng.integers(0, _COPIES_WITHIN, len(which))
        self.rejected[DUPLICATE] += len(which)
        self.accepted += len(lines)
        damaged, sources = self._damaged(lines)
        every = [*lines, *(lines[one] for one in which.tolist()), *damaged]
        return every, np.concatenate([at, copies_at, at[sources]])

    def _damaged(self, lines: list[bytes]) -> tuple[list[bytes], np.ndarray]:
        """Damage as many records as are due by now, for each reason in turn; return them and the good ones' places."""
        reasons = damage.reasons_of(self.records)
        due = round(shape.DAMAGED * self.accepted) if lines else self.damaged
        numbers = np.arange(self.damaged, due)
        sources = numbers * _STEP % max(1, len(lines))
        damaged = []
        for number, source in zip(numbers.tolist(), sources.tolist(), strict=True):
            reason, way = reasons[number % len(reasons)], number // len(reasons)
            damaged.append(damage.damaged(lines[source], self.records, reason, way))
            self.rejected[reason] += 1
        self.damaged = due
        return damaged, sources
