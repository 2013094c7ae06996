"""The lock of a log: one run writes it at a time, on any machine and however the run was started.

It lies in the catalog's database, which all who write a lake share. A run takes it at its start and releases it at its
end, failed or not. The lock of a run that was killed stays, for only a person, or the run's own retry, knows of that.
"""

from __future__ import annotations

import getpass
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from pyiceberg.catalog.sql import SqlCatalog
from sqlalchemy import Column, Connection, MetaData, String, Table, delete, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from spark_jobs.lake.errors import LockedError
from spark_jobs.shared.commands import how_to_type

_LOCKS = Table(
    "pipeline_locks",
    MetaData(),
    Column("log", String(255), primary_key=True),
    Column("run_id", String(1000), nullable=False),
    Column("taken_at", String(40), nullable=False),
    Column("taken_by", String(255), nullable=False),
)


@dataclass(frozen=True)
class Holder:
    """Who holds the lock of a log: the run, since when, and from which account and machine."""

    run_id: str
    taken_at: datetime
    taken_by: str


def take(catalog: SqlCatalog, log: str, run_id: str) -> None:
    """Take the lock of a log for a run; a run that holds it keeps it, so that a retry may ask again.

    Raises LockedError where another run holds it.
    """
    _make_table(catalog)
    mine = {"taken_at": datetime.now(UTC).isoformat(), "taken_by": f"{getpass.getuser()}@{socket.gethostname()}"}
    try:
        with catalog.engine.begin() as database:
            database.execute(insert(_LOCKS).values(log=log, run_id=run_id, **mine))
    except IntegrityError:
        found = holder(catalog, log)
        if found is None or found.run_id != run_id:
            raise LockedError(_explanation(catalog, log, run_id, found)) from None


def release(catalog: SqlCatalog, log: str, run_id: str) -> bool:
    """Release the lock of a log if this run holds it; return whether it did."""
    _make_table(catalog)
    with catalog.engine.begin() as database:
        held = (_LOCKS.c.log == log) & (_LOCKS.c.run_id == run_id)
        return database.execute(delete(_LOCKS).where(held)).rowcount > 0


def holder(catalog: SqlCatalog, log: str) -> Holder | None:
    """Return who holds the lock of a log, None if nobody does."""
    _make_table(catalog)
    with catalog.engine.connect() as database:
        return _holder(database, log)


def _make_table(catalog: SqlCatalog) -> None:
    # Another process may make it in the same moment.
    with suppress(DBAPIError):
        _LOCKS.create(catalog.engine, checkfirst=True)


def _holder(database: Connection, log: str) -> Holder | None:
    found = database.execute(select(_LOCKS).where(_LOCKS.c.log == log)).one_or_none()
    return Holder(found.run_id, datetime.fromisoformat(found.taken_at), found.taken_by) if found else None


def _explanation(catalog: SqlCatalog, log: str, run_id: str, found: Holder | None) -> str:
    if found is None:
        return f"another run held the log {log} a moment ago; run {run_id} again"
    lake = catalog.properties["warehouse"].removeprefix("file://").removesuffix("/warehouse")
    release_it = how_to_type("unlock", LOG=log, RUN_ID=found.run_id, LAKE=lake)
    return (
        f"the log {log} is being written by the run {found.run_id}, since {found.taken_at:%Y-%m-%d %H:%M:%S} UTC, as "
        f"{found.taken_by}; run {run_id} again when that has ended. If it was killed, clear it, which completes it, or "
        f"release its lock: {release_it}"
    )
