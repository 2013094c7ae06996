"""Names as text for people: of a length that fits, on one line, and plain in Markdown."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Nouns:
    """What people call a record of a log as it came, and an accepted one."""

    record: str
    event: str


# What Markdown or HTML could take for markup inside a line; a song may be called *** or <script>.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>~|&$#])")
LONGEST_NAME = 100


def one_line(name: str, longest: int = LONGEST_NAME) -> str:
    """A name without control characters and line ends, cut to so many characters.

    >>> one_line("a\\rb", 10), one_line("Anthems For A Girl", 10)
    ('a b', 'Anthems F…')
    """
    text = "".join(" " if unicodedata.category(character) in ("Cc", "Zl", "Zp") else character for character in name)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def in_markdown(name: str, longest: int = LONGEST_NAME) -> str:
    """A name, or a sentence, that Markdown shows as it is, cut to so many characters.

    >>> in_markdown("*NSYNC & <b>")
    '\\\\*NSYNC \\\\& \\\\<b\\\\>'
    """
    return _MARKUP.sub(r"\\\1", one_line(name, longest))


def isolated(name: str) -> str:
    """A name whose writing direction does not change that of the text around it, where there is no HTML to say so."""
    return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"


def day(found: date, period: str = "day") -> str:
    """A day, the week from a day on, or a month, in words.

    >>> day(date(2009, 5, 4)), day(date(2009, 5, 4), "week"), day(date(2009, 5, 1), "month")
    ('4 May 2009', 'week of 4 May 2009', 'May 2009')
    """
    if period == "month":
        return f"{found:%B %Y}"
    return f"{'week of ' if period == 'week' else ''}{found.day} {found:%B %Y}"


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "song"), counted(1200, "song")
    ('1 song', '1,200 songs')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
