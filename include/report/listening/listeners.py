"""Who the listeners of the top sessions are, as far as their profiles tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, TypeVar

from include.report.listening.model import Age, Country, Joined, Listeners

Rows = list[dict[str, Any]]
Group = TypeVar("Group", Country, Age, Joined)


def listener_groups(listeners: Rows) -> Listeners | None:
    """Count listeners by country, most first, by ten years of age and by year of joining; None without any listener.

    Those of whom it is not known are in the last group.
    """
    if not listeners:
        return None
    countries = Counter(listener["country"] for listener in listeners)
    ages = Counter(_decade(listener["age"]) for listener in listeners)
    years = Counter(_year(listener["registered_on"]) for listener in listeners)
    by_size = sorted(_known(countries), key=lambda name: (-countries[name], name))
    return Listeners(
        listeners=len(listeners),
        countries=_groups(Country, "country", by_size, countries),
        ages=_groups(Age, "from_age", _without_holes(_known(ages), 10), ages),
        joined=_groups(Joined, "year", _without_holes(_known(years), 1), years),
    )


def _groups(model: type[Group], name: str, values: Iterable[Any], counts: Counter[Any]) -> tuple[Group, ...]:
    unknown: list[Any] = [None] if counts[None] else []
    return tuple(model(**{name: value, "listeners": counts[value]}) for value in [*values, *unknown])


def _known(counts: Counter[Any]) -> list[Any]:
    return [value for value in counts if value is not None]


def _without_holes(numbers: list[int], step: int) -> Iterable[int]:
    """All steps from the lowest to the highest: a group of nobody counts too."""
    return range(min(numbers), max(numbers) + step, step) if numbers else ()


def _decade(age: int | None) -> int | None:
    return None if age is None else age // 10 * 10


def _year(registered_on: Any) -> int | None:
    return None if registered_on is None else registered_on.year
