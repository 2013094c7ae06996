"""Numbers as people read them, and how two of them differ."""

from __future__ import annotations

from decimal import Decimal

from include.report.page import NONE

# A smaller change of a rate would be told as 0.0 points.
_LEAST_TOLD = 0.0005
# From how many seconds on a time is told in which unit.
_UNITS = ((86_400, "days"), (3_600, "h"), (60, "min"), (0, "s"))


def percent(rate: float | None) -> str:
    """Return a rate in percent, a dash where there is none.

    >>> percent(0.1234), percent(None) == NONE
    ('12.3%', True)
    """
    return NONE if rate is None else f"{rate:.1%}"


def seconds(duration: float | None) -> str:
    """Return a time in the unit that suits it.

    >>> seconds(12.5), seconds(90), seconds(5400), seconds(259_200)
    ('12.5 s', '1.5 min', '1.5 h', '3.0 days')
    """
    if duration is None:
        return NONE
    size, unit = next((size, unit) for size, unit in _UNITS if duration >= size)
    return f"{duration / (size or 1):,.1f} {unit}"


def points(before: float | None, now: float | None) -> str:
    """Return by how many points a rate has changed.

    >>> points(0.25, 0.27), points(0.25, 0.25), points(0.25, 0.2501), points(None, 0.5)
    ('+2.0 points', 'unchanged', 'nearly unchanged', 'not known before')
    """
    if before == now:
        return "unchanged"
    if before is None or now is None:
        return f"not known {'before' if before is None else 'now'}"
    by = now - before
    return f"{_signed(100 * by, 1)} points" if abs(by) >= _LEAST_TOLD else "nearly unchanged"


def difference(before: Decimal | int, now: Decimal | int) -> str:
    """Return by how much a number has changed, and what part of it before that is.

    >>> difference(200, 250), difference(Decimal("8.00"), Decimal("9.00")), difference(0, 1), difference(1, 1)
    ('+50 (+25.0%)', '+1.00 (+12.5%)', '+1', 'unchanged')
    """
    if now == before:
        return "unchanged"
    by = _signed(now - before, 0 if isinstance(now, int) else 2)
    return f"{by} ({_signed(100 * (now - before) / before, 1)}%)" if before else by


def _signed(number: Decimal | float, digits: int) -> str:
    return f"{number:+,.{digits}f}".replace("-", "\N{MINUS SIGN}")
