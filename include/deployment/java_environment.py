"""The environment of every Java that a task starts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

# Java reads the names of files by its locale. In `C` it cannot open a lake whose path is not ASCII, and says nothing.
UTF_8 = {"LC_ALL": "C.UTF-8"}
# The executors of a cluster are other processes, with the environment of their worker.
UTF_8_EXECUTORS = {f"spark.executorEnv.{name}": locale for name, locale in UTF_8.items()}


@contextmanager
def variables(values: Mapping[str, str]) -> Iterator[None]:
    """Have what this process starts meanwhile find these variables."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
