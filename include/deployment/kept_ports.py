"""Ports of loopback that one server is to have, and no other program of the machine."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

LOOPBACK, OF_IPV6 = "127.0.0.1", "::1"
_NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


class PortError(RuntimeError):
    """A port cannot be had; the message says what to do."""


@contextmanager
def kept(*ports: int) -> Iterator[None]:
    """Check that ports of loopback are free, and hold those of IPv6; raises PortError.

    Clients that ask for `localhost` knock at that of IPv6 first: whoever listened there would be sent their token.
    """
    with ExitStack() as held:
        for port in ports:
            try:
                _look_at(port)
                held.enter_context(_bound(port))
            except (OSError, OverflowError) as error:
                reason = getattr(error, "strerror", None) or error
                if getattr(error, "errno", None) not in _NO_IPV6:
                    raise PortError(f"port {port} cannot be used ({reason}): stop what listens there") from None
        yield


def _look_at(port: int) -> None:
    with socket.socket() as probe:
        # As the server will: connections that ended a moment ago are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((LOOPBACK, port))


def _bound(port: int) -> socket.socket:
    held = socket.socket(socket.AF_INET6)
    try:
        held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        held.bind((OF_IPV6, port))
    except OSError:
        held.close()
        raise
    return held
