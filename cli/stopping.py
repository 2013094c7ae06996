"""What tells a command to stop: Ctrl-C, SIGTERM, a terminal that closes, and each of these sent to its make alone."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread, main_thread
from types import FrameType
from typing import NoReturn

# SIGHUP is what a closed terminal sends.
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SECONDS_BETWEEN_LOOKS = 0.5


class Stopped(KeyboardInterrupt):
    """A signal told this process to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def stop_at_signals() -> None:
    """From now on raise Stopped at the first signal to stop, whoever it was sent to: this process, or its make."""
    on_signals(_stop)
    Thread(target=_follow_make, daemon=True).start()


def on_signals(handler: Callable[[int, FrameType | None], object]) -> None:
    """Call a handler at each signal to stop, but for a SIGHUP that `nohup` has this process ignore."""
    for number in STOP_SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    # A second one would cut short what ends the processes.
    on_signals(lambda *_: None)
    raise Stopped(number)


def _follow_make() -> None:
    """Take a signal that make alone was sent for ours: it hands on SIGTERM only, and waits for us."""
    make = os.getppid()
    before = _caught(make)
    while before:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        # At a signal to stop, make gives up its handler. Killed, it is our parent no more.
        told = before - _caught(make) if os.getppid() == make else {signal.SIGTERM}
        if told:
            # Another thread would take it from the process, and a call that this one waits in would go on.
            signal.pthread_kill(main_thread().ident or 0, min(told))
            return


def _caught(make: int) -> set[int]:
    """The signals to stop that a make handles; none of another process, or where the system does not tell."""
    try:
        status = Path(f"/proc/{make}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    name, caught = re.search(r"^Name:\t(.+)$", status, re.M), re.search(r"^SigCgt:\t(\w+)$", status, re.M)
    if name is None or caught is None or name[1] not in ("make", "gmake"):
        return set()
    return {number for number in STOP_SIGNALS if int(caught[1], 16) >> (number - 1) & 1}
