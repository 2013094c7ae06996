"""A PostgreSQL of this machine's own programs as the catalog of a lake; it asks for a password."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts import postgres
from scripts.spark_cluster import free_port
from tests.stack.running import wait_for

OWNER, PLANTED = "lake", "planted-pass-of-the-catalog"


@contextmanager
def catalog_server(home: Path) -> Iterator[dict[str, str]]:
    """Lend what the environment says of the catalog; the password is in a file of `home` that only we can read."""
    port = free_port()
    with postgres.database_directory(OWNER, PLANTED) as data:
        command = postgres.command(data, port)
        server = subprocess.Popen(command, cwd=data.parent, user=postgres.user(), stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: postgres.is_ready(port), 60)
            postgres.create_database(OWNER, PLANTED, port, data.parent)
            passwords = home / "pgpass"
            passwords.write_text(f"127.0.0.1:{port}:*:{OWNER}:{PLANTED}\n", encoding="utf-8")
            passwords.chmod(0o600)
            yield {
                "PIPELINE_CATALOG": f"postgresql://{OWNER}@127.0.0.1:{port}/{OWNER}",
                "PGPASSFILE": str(passwords),
            }
        finally:
            server.terminate()
            server.wait()
