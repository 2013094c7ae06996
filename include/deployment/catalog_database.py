"""The database of the lake's catalog in the stack: a role and a database of its own, beside Airflow's."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.engine import make_url


def prepare(catalog: URL, password: str, metadata_database: str, passwords: Path) -> None:
    """Keep the catalog's password where PostgreSQL's drivers look for it; make role and database where Airflow's are.

    Another server's are for its administrator to make. A changed password holds from then on.
    """
    keep_password(catalog, password, passwords)
    server = make_url(metadata_database)
    if (server.host, server.port or 5432) == (catalog.host, catalog.port or 5432):
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            _make(connection, str(catalog.username), password, str(catalog.database))
        engine.dispose()


def keep_password(catalog: URL, password: str, file: Path) -> None:
    """Write the one line of a password file, which is replaced whole, and which its owner alone may read."""
    made = file.with_name(f".{file.name}")
    made.unlink(missing_ok=True)
    with open(made, "x", opener=lambda path, flags: os.open(path, flags, 0o600), encoding="utf-8") as kept:
        kept.write(f"{catalog.host}:{catalog.port or 5432}:{catalog.database}:{catalog.username}:{password}\n")
    made.replace(file)


def _make(server: Connection, role: str, password: str, database: str) -> None:
    def is_there(question: str, name: str) -> bool:
        return server.execute(text(question), {"name": name}).first() is not None

    quote = server.dialect.identifier_preparer.quote
    if not is_there("SELECT 1 FROM pg_roles WHERE rolname = :name", role):
        server.execute(text(f"CREATE ROLE {quote(role)} LOGIN"))
    # The driver puts the password in: the server takes no parameters here.
    server.execute(text(f"ALTER ROLE {quote(role)} PASSWORD :password"), {"password": password})
    if not is_there("SELECT 1 FROM pg_database WHERE datname = :name", database):
        server.execute(text(f"CREATE DATABASE {quote(database)} OWNER {quote(role)}"))
