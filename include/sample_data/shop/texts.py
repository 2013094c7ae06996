"""Ids, times and amounts as the bytes that stand in a record."""

from __future__ import annotations

import numpy as np

from include.sample_data.shop.shape import DAY, MINUTE, OFFSETS_IN_MINUTES, SECOND

_HEX = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), np.uint8).reshape(256, 2)
_DIGITS_OF_ID = [place for place in range(36) if place not in (8, 13, 18, 23)]
_FIRST_DAY = np.datetime64("2012-01-01")
_DAYS = np.arange(_FIRST_DAY, np.datetime64("2102-01-01")).astype("S10")
_SECONDS = np.array([f"T{at // 3600:02d}:{at // 60 % 60:02d}:{at % 60:02d}." for at in range(86_400)], dtype="S10")
_THOUSANDTHS = np.array([f"{number:03d}" for number in range(1000)], dtype="S3")
_ZONES = np.array(
    ["Z" if not at else f"{'+' if at > 0 else '-'}{abs(at) // 60:02d}:{abs(at) % 60:02d}" for at in OFFSETS_IN_MINUTES],
    dtype="S6",
)
_TIME = [("day", "S10"), ("second", "S10"), ("milli", "S3"), ("micro", "S3"), ("zone", "S6")]


def uuids(bits: np.ndarray) -> list[bytes]:
    """Write 128 bits each, of the shape (n, 2), as UUIDs of version 4."""
    text = np.full((len(bits), 36), ord("-"), np.uint8)
    text[:, _DIGITS_OF_ID] = _HEX[np.ascontiguousarray(bits).astype("<u8").view(np.uint8)].reshape(len(bits), 32)
    text[:, 14], text[:, 19] = ord("4"), ord("a")
    return text.view("S36").ravel().tolist()


def numbered_ids(seed: int, kind: int, numbers: np.ndarray) -> list[bytes]:
    """Write the UUIDs of the numbered users or products of a seed: a number has the same one in every call."""
    high = mixed(numbers.astype(np.uint64) + (mixed(np.array([seed])) ^ mixed(np.array([kind]))))
    return uuids(np.stack([high, mixed(high)], axis=1))


def drawn_ids(rng: np.random.Generator, number: int) -> list[bytes]:
    """Draw so many UUIDs."""
    return uuids(rng.integers(0, 2**64, (number, 2), dtype=np.uint64))


def mixed(numbers: np.ndarray) -> np.ndarray:
    """Scatter numbers over 64 bits: the finaliser of SplitMix64 (https://prng.di.unimi.it/splitmix64.c)."""
    bits = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def times(at: np.ndarray, zone: np.ndarray | int = 0) -> list[bytes]:
    """Write microseconds since 1970 as RFC 3339, each at the offset of this place in `OFFSETS_IN_MINUTES`."""
    zones = np.broadcast_to(zone, at.shape)
    local = at + np.array(OFFSETS_IN_MINUTES)[zones] * MINUTE
    days, rest = np.divmod(local - _FIRST_DAY.astype("datetime64[us]").astype(np.int64), DAY)
    seconds, micros = np.divmod(rest, SECOND)
    text = np.empty(len(at), dtype=_TIME)
    text["day"], text["second"], text["zone"] = _DAYS[days], _SECONDS[seconds], _ZONES[zones]
    text["milli"], text["micro"] = _THOUSANDTHS[micros // 1000], _THOUSANDTHS[micros % 1000]
    return text.view(f"S{text.itemsize}").tolist()


def money(cents: int) -> bytes:
    """Write an amount as a JSON number.

    >>> money(1905)
    b'19.05'
    """
    return b"%d.%02d" % divmod(cents, 100)


def times_at(at: int, zone: int = 0) -> str:
    """Write one time."""
    return times(np.array([at]), zone)[0].decode()
