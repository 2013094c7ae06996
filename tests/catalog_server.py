"""A PostgreSQL of this machine's own programs as the catalog of a lake; it asks for a password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.stack.running import postgres_server

OWNER, PLANTED = "lake", "planted-pass-of-the-catalog"


@contextmanager
def catalog_server(home: Path) -> Iterator[dict[str, str]]:
    """Lend what the environment says of the catalog; the password is in a file of `home` that only we can read."""
    with postgres_server(OWNER, PLANTED) as port:
        passwords = home / "pgpass"
        passwords.write_text(f"127.0.0.1:{port}:*:{OWNER}:{PLANTED}\n", encoding="utf-8")
        passwords.chmod(0o600)
        yield {"PIPELINE_CATALOG": f"postgresql://{OWNER}@127.0.0.1:{port}/{OWNER}", "PGPASSFILE": str(passwords)}
