"""What the clients of visits say of themselves: device, session, browser, address."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.sample_data.shop import shape, texts
from include.sample_data.shop.shape import drawn
from include.sample_data.shop.visits import Visits

_DEVICES, _DEVICE_SHARES = (b"mobile", b"desktop", b"tablet", b"other"), (0.55, 0.33, 0.1, 0.02)
_ON_ANOTHER_DEVICE = 0.2
_BROWSERS = (b"Chrome", b"Safari", b"Firefox", b"Edge", b"Samsung Internet")
_BROWSER_SHARES = (0.5, 0.25, 0.1, 0.1, 0.05)
_WITHOUT_BROWSER, _WITHOUT_ADDRESS, _SIXTH_VERSION = 0.2, 0.4, 0.25


@dataclass(frozen=True)
class Clients:
    """By visit: its device, its offset's place in `OFFSETS_IN_MINUTES`, and the optional fields as they are written.

    `shares_session`: the visit claims the same session as a visit of another user.
    """

    devices: list[bytes]
    zones: np.ndarray
    fields: list[bytes]
    shares_session: np.ndarray


def clients(rng: np.random.Generator, visits: Visits, users: int) -> Clients:
    """Draw the client of each visit; most of a user's visits come from the same device."""
    number = len(visits.users)
    own = drawn(rng, users, _DEVICE_SHARES)[visits.users]
    device = np.where(rng.random(number) < _ON_ANOTHER_DEVICE, drawn(rng, number, _DEVICE_SHARES), own)
    sessions, shares_session = _claimed_sessions(rng, visits.users)
    fields = [b"".join(parts) for parts in zip(sessions, _browsers(rng, number), _addresses(rng, number), strict=True)]
    zones = drawn(rng, number, shape.OFFSET_SHARES)
    return Clients([_DEVICES[one] for one in device.tolist()], zones, fields, shares_session)


def _claimed_sessions(rng: np.random.Generator, users: np.ndarray) -> tuple[list[bytes], np.ndarray]:
    """Write the session that each client claims, or nothing; a few claim that of the visit after them in the list."""
    number = len(users)
    ids = texts.drawn_ids(rng, number)
    claims = rng.random(number) >= shape.WITHOUT_CLIENT_SESSION
    borrows = rng.random(number) < shape.SHARED_CLIENT_SESSIONS
    # Every other visit at most, so that a session is claimed by two.
    borrows[1::2] = False
    borrows[-1:] = False
    borrows &= np.append(users[1:] != users[:-1], False)
    shares = borrows | np.append(False, borrows[:-1])
    columns = ((np.arange(number) + borrows).tolist(), (claims | shares).tolist())
    return [b',"session_id":"%b"' % ids[at] if is_said else b"" for at, is_said in zip(*columns, strict=True)], shares


def _browsers(rng: np.random.Generator, number: int) -> list[bytes]:
    browser, lacks = drawn(rng, number, _BROWSER_SHARES).tolist(), (rng.random(number) < _WITHOUT_BROWSER).tolist()
    return [b"" if lacks[at] else b',"browser":"%b"' % _BROWSERS[browser[at]] for at in range(number)]


def _addresses(rng: np.random.Generator, number: int) -> list[bytes]:
    """Write addresses of the blocks that are kept for documentation (RFC 5737, RFC 3849)."""
    kind, low = rng.random(number).tolist(), rng.integers(0, 65_536, number).tolist()
    fields = []
    for chance, one in zip(kind, low, strict=True):
        if chance < _WITHOUT_ADDRESS:
            fields.append(b"")
        elif chance < _WITHOUT_ADDRESS + _SIXTH_VERSION:
            fields.append(b',"ip_address":"2001:db8::%x"' % one)
        else:
            fields.append(b',"ip_address":"203.0.113.%d"' % (one % 256))
    return fields
