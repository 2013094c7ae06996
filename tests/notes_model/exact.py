"""Exact arithmetic on lists of whole numbers and fractions, and when something becomes the double next to it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from fractions import Fraction

MILLISECOND = timedelta(milliseconds=1)


def milliseconds(span: timedelta) -> int:
    return span // MILLISECOND


def ratio(part: int | Fraction, whole: int) -> float | None:
    """Return a rate or a mean, None of nothing."""
    return float(Fraction(part) / whole) if whole else None


def percentile(values: Iterable[int], percent: int) -> Fraction:
    """Interpolate between the two values around the place `(n - 1) * percent / 100`, counted from 0."""
    ordered = sorted(values)
    place = Fraction((len(ordered) - 1) * percent, 100)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def mean(values: Sequence[int | Fraction]) -> Fraction:
    return Fraction(sum(values)) / len(values)


def variance(values: Sequence[int | Fraction]) -> Fraction:
    """Return the sample variance: the squares of the distances from the mean, by one less than there are values."""
    middle = mean(values)
    return sum(((value - middle) ** 2 for value in values), Fraction(0)) / (len(values) - 1)


def square_root(value: Fraction) -> float:
    """Return the double next to the root, or a neighbour of it."""
    return math.sqrt(value)


def ranks(values: Sequence[Fraction]) -> list[Fraction]:
    """Return the rank of each value from 1; equal ones have the average of theirs.

    >>> [float(rank) for rank in ranks([10, 30, 10, 20])]
    [1.5, 4.0, 1.5, 3.0]
    """
    counts = Counter(values)
    below = {value: place for place, value in reversed(list(enumerate(sorted(values))))}
    return [below[value] + Fraction(counts[value] + 1, 2) for value in values]


def spearman(left: Sequence[Fraction], right: Sequence[Fraction]) -> float | None:
    """Return the correlation of the ranks of two sides, None where one is constant."""
    left, right = ranks(left), ranks(right)
    squares = variance(left) * variance(right)
    if not squares:
        return None
    # The mean of all ranks is the same on both sides.
    middle = mean(left)
    together = sum(((one - middle) * (other - middle) for one, other in zip(left, right, strict=True)), Fraction(0))
    covariance = together / (len(left) - 1)
    return math.copysign(square_root(covariance**2 / squares), covariance)
