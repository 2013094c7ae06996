"""A PostgreSQL server of this machine's own binaries, which are installed if need be."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.stack import tools

# Where Debian has those of a server, not on the PATH.
DEBIAN = Path("/usr/lib/postgresql")
# PostgreSQL refuses to run as root; Debian's package makes this user.
UNPRIVILEGED = "postgres"


class PostgresError(RuntimeError):
    """PostgreSQL does not start; the message says what to do."""


def binaries() -> Path:
    """Return the directory of a server's programs, the newest, installed if need be; raises ToolError."""
    return tools.installed(server, "postgres", "postgresql").resolve().parent


def server() -> Path | None:
    """Return the newest server that is here."""
    found = sorted(DEBIAN.glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    return found[-1] if found else tools.on_path("postgres")


def user() -> str | None:
    """Return who the server runs as, if not as the caller."""
    return UNPRIVILEGED if os.geteuid() == 0 else None


def make_cluster(data: Path, name: str, password: str) -> None:
    """Make a directory for a server, with a superuser and a database of one name; one that is there stays as it is.

    Raises PostgresError where the server's user cannot reach it.
    """
    if data.exists():
        return
    made = data.with_name(f".{data.name}")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True, mode=0o700)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as secret:
        secret.write(password)
        secret.flush()
        if owner := user():
            for path in (made, secret.name):
                shutil.chown(path, owner)
        check_reachable(made)
        access = (f"--username={name}", "--auth=scram-sha-256", f"--pwfile={secret.name}")
        run("initdb", f"--pgdata={made}", *access, "--encoding=UTF8", "--locale=C.UTF-8", at=made)
    run("postgres", "--single", "-D", str(made), "postgres", at=made, said=f'CREATE DATABASE "{name}"\n')
    made.rename(data)


def check_reachable(directory: Path) -> None:
    """Raise PostgresError unless the server's user may enter a directory."""
    if subprocess.run(["ls", str(directory)], user=user(), capture_output=True, check=False).returncode != 0:
        raise PostgresError(
            f"{directory} cannot be reached by {user()}, as whom PostgreSQL runs where the caller is root; choose a "
            "directory that everybody may enter"
        )


def is_ready(port: int) -> bool:
    """Return whether a server answers on a port of this machine."""
    question = [str(binaries() / "pg_isready"), "--quiet", "--host=127.0.0.1", f"--port={port}"]
    return subprocess.run(question, check=False).returncode == 0


def command(data: Path, port: int) -> list[str]:
    """Return what starts the server, on loopback alone."""
    settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": data}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(binaries() / "postgres"), "-D", str(data), *options]


def run(program: str, *arguments: str, at: Path, said: str = "") -> None:
    """Run one of PostgreSQL's programs to its end, as the server's user; it reads what is `said`."""
    done = subprocess.run(
        [str(binaries() / program), *arguments],
        cwd=at,
        env={"PATH": os.defpath, "LANG": "C.UTF-8"},
        user=user(),
        input=said,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise PostgresError(f"{program} failed: {(done.stdout + done.stderr).strip()}")
