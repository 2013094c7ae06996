"""Ids, times, pages and numbers as the bytes that stand in a record."""

from __future__ import annotations

import numpy as np

from include.sample_data.notes.shape import DAY, MINUTE, OFFSETS_IN_MINUTES, SECOND

_FIRST_DAY = np.datetime64("2002-01-01")
_DAYS = np.arange(_FIRST_DAY, np.datetime64("2102-01-01")).astype("S10")
_SECONDS = np.array([f"T{at // 3600:02d}:{at // 60 % 60:02d}:{at % 60:02d}" for at in range(86_400)], dtype="S9")
# Without a fraction where there is none.
_THOUSANDTHS = np.array(["", *(f".{number:03d}" for number in range(1, 1000))], dtype="S4")
_ZONES = [
    "Z" if not at else f"{'+' if at > 0 else '-'}{abs(at) // 60:02d}:{abs(at) % 60:02d}" for at in OFFSETS_IN_MINUTES
]
_NAMES = ('"Plan, v{}"', '"The ""{}"" list"', "Überblick {}", "雨の庭 {}", "inbox {}", "c:\\notes\\{}")


def user_ids(seed: int, numbers: np.ndarray) -> list[bytes]:
    """Write the ids of the numbered users of a seed: a number has the same one in every call, no two share one."""
    mixed = _mixed(numbers.astype(np.uint64) + _mixed(np.array([seed], np.uint64)))
    return [b"u%016x" % one for one in mixed.tolist()]


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """Scatter numbers over 64 bits: the finaliser of SplitMix64 (https://prng.di.unimi.it/splitmix64.c)."""
    bits = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def times(at: np.ndarray, zone: np.ndarray | int = 0) -> list[bytes]:
    """Write milliseconds since 1970 as ISO-8601, each at the offset of this place in `OFFSETS_IN_MINUTES`."""
    zones = np.broadcast_to(zone, at.shape)
    local = at + np.array(OFFSETS_IN_MINUTES)[zones] * MINUTE
    days, rest = np.divmod(local - _FIRST_DAY.astype("datetime64[ms]").astype(np.int64), DAY)
    seconds, milliseconds = np.divmod(rest, SECOND)
    parts = (_DAYS[days].tolist(), _SECONDS[seconds].tolist(), _THOUSANDTHS[milliseconds].tolist())
    endings = [_ZONES[one].encode() for one in range(len(_ZONES))]
    return [b"".join(part) for part in zip(*parts, [endings[one] for one in zones.tolist()], strict=True)]


def time_at(at: int, zone: int = 0) -> str:
    """Write one time.

    >>> time_at(1_700_000_000_000), time_at(1_700_000_000_001, 1)
    ('2023-11-14T22:13:20Z', '2023-11-14T23:13:20.001+01:00')
    """
    return times(np.array([at]), zone)[0].decode()


def pages(number: int) -> list[bytes]:
    """Write the names of so many pages as they stand in a file: one in thirty is no plain word, some are quoted."""
    plain = [f"notes/{page}" if page % 30 else _NAMES[page // 30 % len(_NAMES)].format(page) for page in range(number)]
    return [page.encode() for page in plain]


def numbers(values: np.ndarray) -> list[bytes]:
    """Write whole numbers; one below 0 is empty."""
    return [b"%d" % one if one >= 0 else b"" for one in values.tolist()]
