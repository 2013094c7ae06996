"""The shell commands of a page, a fenced block each, and why some of them are not run here."""

from __future__ import annotations

import re
from dataclasses import dataclass

# A comment of HTML, which no reader sees.
_REASON = r"(?:^<!-- not run: (?P<reason>[^\n]+) -->\n)?"
_BLOCK = re.compile(_REASON + r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the reason why it is not run, if there is one."""

    language: str
    text: str
    reason: str | None

    @property
    def first_line(self) -> str:
        return self.text.partition("\n")[0]


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found = [Block(match["language"], match["text"], match["reason"]) for match in _BLOCK.finditer(page)]
    fences = len(re.findall("^```", page, re.M))
    if fences != 2 * len(found):
        raise ValueError(f"{fences} fences, {len(found)} blocks: one is not closed")
    return found
