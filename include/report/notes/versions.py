"""The order of versions."""

from __future__ import annotations


def by_number(version: str) -> tuple[int, ...]:
    """Return what orders a version by its numbers.

    >>> sorted(["1.10.2", "1.9.0"], key=by_number)
    ['1.9.0', '1.10.2']
    """
    return tuple(int(number) for number in version.split("."))
