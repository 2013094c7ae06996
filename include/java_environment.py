"""The locale of every Java that a task starts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

# Java reads the names of files by its locale. In `C` it cannot open a lake whose path is not ASCII, and says nothing.
VARIABLE = "LC_ALL"
UTF_8 = {VARIABLE: "C.UTF-8"}
# The executors of a cluster are other processes, with the environment of their worker.
UTF_8_EXECUTORS = {f"spark.executorEnv.{VARIABLE}": UTF_8[VARIABLE]}


@contextmanager
def java_in_utf_8() -> Iterator[None]:
    """Have this process start its Java with a locale of UTF-8."""
    before = os.environ.get(VARIABLE)
    os.environ.update(UTF_8)
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
