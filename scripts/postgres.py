"""A PostgreSQL server of this machine's own binaries, for a database that lives as long as the server.

    python -m scripts.postgres

prints where they are, installed if need be.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Where Debian has those of a server, not on the PATH.
DEBIAN = Path("/usr/lib/postgresql")
INSTALL = ["apt-get", "install", "--yes", "--no-install-recommends", "postgresql"]
# PostgreSQL refuses to run as root; Debian's package makes this user.
UNPRIVILEGED = "postgres"


class PostgresError(RuntimeError):
    """There is no PostgreSQL, or it does not start; the message says what to do."""


def binaries() -> Path:
    """Return the directory of a server's programs, the newest; raises PostgresError where there is none."""
    found = sorted(DEBIAN.glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("postgres")
    if not found and on_path is None:
        raise PostgresError(f"no postgres in {DEBIAN} or on the PATH; on Debian: {' '.join(INSTALL)}")
    return found[-1].parent if found else Path(str(on_path)).resolve().parent


def user() -> str | None:
    """Return who the server runs as, if not as the caller."""
    return UNPRIVILEGED if os.geteuid() == 0 else None


@contextmanager
def database_directory(name: str, password: str) -> Iterator[Path]:
    """Make an empty cluster for a server, with a superuser and a database of one name; it goes with the block.

    In the directory for temporary files, for the server's user must reach it.
    """
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as scratch:
        directory, secret = Path(scratch), Path(scratch) / "password"
        secret.write_text(password, encoding="utf-8")
        secret.chmod(0o600)
        if owner := user():
            for path in (directory, secret):
                shutil.chown(path, owner)
        access = (f"--username={name}", "--auth=scram-sha-256", f"--pwfile={secret}")
        run("initdb", f"--pgdata={directory / 'data'}", *access, "--encoding=UTF8", "--locale=C.UTF-8", at=directory)
        secret.unlink()
        yield directory / "data"


def create_database(name: str, password: str, port: int, at: Path) -> None:
    """Make a database, named like its owner, on a server of this machine."""
    there = ("--host=127.0.0.1", f"--port={port}", f"--username={name}", "--no-password")
    run("createdb", *there, name, at=at, environment={"PGPASSWORD": password})


def is_ready(port: int) -> bool:
    """Return whether a server answers on a port of this machine."""
    question = [str(binaries() / "pg_isready"), "--quiet", "--host=127.0.0.1", f"--port={port}"]
    return subprocess.run(question, check=False).returncode == 0


def command(data: Path, port: int) -> list[str]:
    """Return what starts the server, on loopback alone."""
    settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": data}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(binaries() / "postgres"), "-D", str(data), *options]


def run(program: str, *arguments: str, at: Path, environment: dict[str, str] | None = None) -> None:
    """Run one of PostgreSQL's programs to its end, as the server's user."""
    done = subprocess.run(
        [str(binaries() / program), *arguments],
        cwd=at,
        env={"PATH": os.defpath, "LANG": "C.UTF-8", **(environment or {})},
        user=user(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise PostgresError(f"{program} failed: {(done.stdout + done.stderr).strip()}")


def main() -> None:
    """Print where PostgreSQL is, installed if need be; exit with 1 and a word on what to do where there is none."""
    try:
        if not any(DEBIAN.glob("*/bin/postgres")) and not shutil.which("postgres") and os.geteuid() == 0:
            subprocess.run(["apt-get", "update", "--quiet=2"], check=True)
            subprocess.run(INSTALL, check=True, stdout=subprocess.DEVNULL)
        print(binaries())
    except (PostgresError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
