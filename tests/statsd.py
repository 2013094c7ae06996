"""A StatsD server on this machine, for Airflow's metrics to reach: a socket that keeps what it is sent."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

OURS, LOG = "airflow.pipeline.", ",log=listening"
END = b"end"


class Statsd:
    """`got` has each datagram's text, in order: `name,tag=value:number|type`."""

    def __init__(self, receiver: socket.socket) -> None:
        self.got: list[str] = []
        self.port: int = receiver.getsockname()[1]

    @property
    def settings(self) -> dict[str, str]:
        """The settings with which Airflow sends its metrics here, as docker-compose.yaml has them."""
        return {
            "AIRFLOW__METRICS__STATSD_ON": "True",
            "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
            "AIRFLOW__METRICS__STATSD_PORT": str(self.port),
            "AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED": "True",
            "AIRFLOW__METRICS__LEGACY_NAMES_ON": "False",
        }

    def ours(self) -> dict[str, float]:
        """The last value of each metric of our runs, all gauges of the log; its other tags in alphabetical order."""
        found = {}
        for name, number, kind in map(_parts, self.got):
            if name.startswith(OURS):
                assert kind == "g", f"{name} is no gauge"
                assert LOG in name, f"{name} names no log"
                found[name.removeprefix(OURS).replace(LOG, "")] = float(number)
        return found

    def names(self) -> set[str]:
        """The names of all that came, without tags."""
        return {_parts(datagram)[0].partition(",")[0] for datagram in self.got}


@contextmanager
def statsd() -> Iterator[Statsd]:
    """Listen until the end of the block."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        # A run's datagrams come faster than a busy machine may read them.
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        receiver.bind(("127.0.0.1", 0))
        server = Statsd(receiver)
        listening = threading.Thread(target=_listen, args=(receiver, server.got))
        listening.start()
        try:
            yield server
        finally:
            receiver.sendto(END, receiver.getsockname())
            listening.join()


def _listen(receiver: socket.socket, got: list[str]) -> None:
    while (datagram := receiver.recv(65_536)) != END:
        got += datagram.decode().splitlines()


def _parts(datagram: str) -> tuple[str, str, str]:
    name, _, rest = datagram.rpartition(":")
    number, kind, *_ = rest.split("|")
    metric, *tags = name.split(",")
    return ",".join((metric, *sorted(tags))), number, kind


def wait_for_count(server: Statsd, count: int, seconds: float = 30) -> None:
    """Wait until so many datagrams have come."""
    end = time.monotonic() + seconds
    while len(server.got) < count:
        assert time.monotonic() < end, server.got
        time.sleep(0.01)
