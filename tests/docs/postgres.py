"""Airflow's database on a PostgreSQL of this machine's own programs, for a test."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.stack.postgres import binaries, user
from tests.stack.spark_cluster import free_port

SERVER_USER = user()
FERNET_KEY = "c2l4dGVlbiBieXRlcyBhbmQgc2l4dGVlbiBtb3JlISE="


@dataclass(frozen=True)
class Postgres:
    """A running server with the empty databases `airflow` and `lake`, and the environment in which commands are run."""

    port: int
    environment: dict[str, str]

    def access(self) -> dict[str, str]:
        """Return the environment variables that PostgreSQL's own programs read."""
        return {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "airflow", "PGDATABASE": "airflow"}

    def url(self, password: str) -> str:
        """Where Airflow finds it; the server asks for no password and takes any."""
        return f"postgresql+psycopg2://airflow:{password}@127.0.0.1:{self.port}/airflow"

    def fill(self) -> None:
        """Have Airflow make its tables, and keep a connection in them."""
        self._airflow("db", "migrate")
        secret = ("--conn-password", "kept in the database")
        self._airflow("connections", "add", "planted", "--conn-type", "generic", "--conn-host", "host", *secret)

    def destroy(self) -> None:
        """Drop all there is."""
        self.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        tables = self.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").split()
        return {table: int(self.sql(f'SELECT count(*) FROM "{table}"')) for table in sorted(tables)}  # noqa: S608

    def secret(self) -> str:
        """The connection's password, decrypted by Airflow."""
        code = "from airflow.models import Connection as C; print(C.get_connection_from_secrets('planted').password)"
        return self._run("python", "-c", code).splitlines()[-1]

    def sql(self, statement: str) -> str:
        return self._run(
            "psql", "--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "--command", statement
        ).strip()

    def _airflow(self, *arguments: str) -> None:
        self._run("airflow", *arguments)

    def _run(self, *command: str) -> str:
        ours = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": self.url("any"), "AIRFLOW__CORE__FERNET_KEY": FERNET_KEY}
        environment = {**self.environment, **self.access(), **ours}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def postgres(environment: dict[str, str]) -> Iterator[Postgres]:
    """Run a server on loopback, and end it with the block."""
    programs = binaries()
    # The server's user cannot enter pytest's directory.
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as scratch:
        if SERVER_USER:
            shutil.chown(scratch, SERVER_USER)
        port, data = free_port(), f"{scratch}/data"
        initdb = [str(programs / "initdb"), data, "--username=airflow", "--auth=trust", "--encoding=UTF8", "--no-sync"]
        subprocess.run(initdb, user=SERVER_USER, cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": scratch, "port": port, "fsync": "off"}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        control = [str(programs / "pg_ctl"), f"--pgdata={data}", f"--log={scratch}/log", "--wait"]
        subprocess.run(
            [*control, "start", f"--options={options}"],
            user=SERVER_USER,
            cwd=scratch,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        try:
            server = Postgres(port, environment)
            for database in ("airflow", "lake"):
                subprocess.run(["createdb", database], env={**os.environ, **server.access()}, check=True)
            yield server
        finally:
            subprocess.run(
                [*control, "stop", "--mode=fast"], user=SERVER_USER, cwd=scratch, check=False, stdout=subprocess.DEVNULL
            )
