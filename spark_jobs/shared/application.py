"""How a job runs as an application: its session, and the exit code that tells whether trying again can help."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import FrameType
from typing import NoReturn, TypeVar

from pyspark.sql import SparkSession, is_remote

from spark_jobs.shared.errors import DataError
from spark_jobs.shared.failures import explain
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.session import spark_session

# The code sysexits.h gives to input data that is incorrect; argparse exits with 2.
EXIT_DATA_ERROR = os.EX_DATAERR
SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_TO_END = 10
R = TypeVar("R")


def run_application(name: str, lake: Lake, run: Callable[[SparkSession], R]) -> R:
    """Run a job in a Spark session of its own, which knows the lake, and return its record.

    A DataError ends the process with code 65, any other error with 1: either way the last line says what happened.
    """
    try:
        with spark_session(name, lake) as spark:
            if is_remote():
                end_on_server_too()
            return run(spark)
    except DataError as error:
        print(f"ERROR {name}: {error}", file=sys.stderr)
        sys.exit(EXIT_DATA_ERROR)
    except Exception as error:
        # The traceback is for developers, the line after it for the person who runs this.
        traceback.print_exc()
        print(f"ERROR {name}: {explain(error)}", file=sys.stderr)
        sys.exit(1)


def end_on_server_too() -> None:
    """Have a Connect server stop what this process asked of it, when that is told to end or its `spark-submit` is gone.

    A server goes on with what a client has asked, whatever becomes of the client. A session that is stopped ends it.
    """
    signal.signal(signal.SIGTERM, _end)
    threading.Thread(target=_follow_parent, daemon=True).start()


def _end(number: int, frame: FrameType | None) -> NoReturn:
    # A second signal would cut short what the first one asks for. And a server that hangs must not keep this process.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.alarm(SECONDS_TO_END)
    sys.exit(128 + number)


def _follow_parent() -> None:
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    # To the main thread, wherever it waits.
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
