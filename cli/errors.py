"""A command tells an error that its user can mend in one line. Any other error is ours, and keeps its traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from cli.terminal import console, plain, sentence


class CommandError(RuntimeError):
    """A command cannot do what was asked; the message says what was found, what is allowed or what to do."""


@contextmanager
def told_in_a_line(what: str, to: Console = console) -> Iterator[None]:
    """Say what came of a command, and why, where its user can mend that; exit with 1 then."""
    try:
        yield
    except Exception as error:
        if not (why := _why(error)):
            raise
        to.print(f"[bold red]{what}:[/] {plain(why)}")
        sys.exit(1)


def _why(error: Exception) -> str:
    """Return what an error says to a user, empty if nothing. None of it has a secret: the address has no password."""
    # Not above: they take a second, and a misspelt option needs none of them.
    import sqlite3

    from pyiceberg.exceptions import CommitFailedException
    from sqlalchemy.exc import DBAPIError

    from include.deployment.settings import SettingsError
    from spark_jobs.lake.errors import ClockError, LockedError
    from spark_jobs.shared.errors import DataError
    from spark_jobs.shared.failures import causes, explain

    if isinstance(error, (DBAPIError, sqlite3.Error)):
        # SQLAlchemy adds the statement, and a page of its own.
        said = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        return f"the catalog's database does not do its part ({said}); {_mend_database()}"
    if isinstance(error, CommitFailedException):
        return f"other writers of the table were faster each time ({error}); try again when they have ended"
    if isinstance(error, (RuntimeError, OSError, DataError, SettingsError, LockedError, ClockError)):
        return sentence(error)
    return explain(error) if causes(error) else ""


def _mend_database() -> str:
    from spark_jobs.lake.catalog import SETTING

    if os.environ.get(SETTING):
        return (
            f"see that the PostgreSQL of {SETTING} runs and can be reached, and that the file of PGPASSFILE, "
            "or ~/.pgpass, has its password"
        )
    return "see that <lake>/catalog.db is yours, has room to grow and is held by no other program, or restore a backup"
