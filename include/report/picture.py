"""One picture of the report: a drawing, and all that stands around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from markupsafe import Markup

from include.report import charts

# The page's column and a phone's, in pixels.
WIDE, NARROW = 680, 340
Table = list[tuple[str, ...]]


@dataclass(frozen=True)
class Picture:
    """A drawing in two widths, with a title, its units, what it says in words, and its data as a table.

    The table's first row is its head. `key` says what a colour means, by the name of the page's variable for it.
    """

    name: str
    title: str
    units: str
    says: str
    table: Table
    draw: Callable[[int], charts.Chart]
    key: dict[str, str] = field(default_factory=dict)

    @property
    def wide(self) -> Markup:
        """The drawing for the page's column."""
        return self._svg(WIDE)

    @property
    def narrow(self) -> Markup:
        """The drawing for a phone, its text as large as in the other."""
        return self._svg(NARROW)

    def _svg(self, width: int) -> Markup:
        return Markup(charts.to_svg(self.draw(width)))  # noqa: S704 - Vega has escaped all text in it
