"""A record as it is written, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """A record's line, with its end; when it arrives, in microseconds; the warnings that it is counted for."""

    at: int
    line: bytes
    warnings: tuple[str, ...] = ()
