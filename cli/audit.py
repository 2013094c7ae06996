"""Look the pinned dependencies up among the published vulnerabilities: for developers, with pip-audit.

python -m cli.audit --help
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import httpx
from typer import Argument, Option

from cli.environment import PROJECT, past_proxies
from cli.program import command_of, execute
from cli.terminal import console, plain

OSV_URL = "https://api.osv.dev/v1/query"
LOCKED = [str(PROJECT / name) for name in ("requirements.txt", "requirements-dev.txt")]
# A service that finds no fault in it cannot tell of the vulnerabilities of Python packages.
KNOWN_TO_BE_VULNERABLE = {"package": {"name": "jinja2", "ecosystem": "PyPI"}, "version": "2.4.1"}
PROBE_SECONDS = 10


def main(
    files: Annotated[
        list[str] | None, Argument(help="Pinned requirements.", show_default="those of this project")
    ] = None,
    osv_url: Annotated[str, Option(help="A service that speaks OSV's protocol.")] = OSV_URL,
    if_reachable: Annotated[bool, Option("--if-reachable", help="Without an answer, only say so.")] = False,
) -> None:
    """Look the pinned dependencies up among the published vulnerabilities.

    Exits with 1 when there is one, or when the list of them cannot be asked.
    """
    os.environ.update(past_proxies())
    problem = unusable(osv_url)
    if problem:
        console.print(f"[bold yellow]Dependencies not audited:[/] {plain(problem)}; call make audit where it answers")
        # So that `make check` works without a network.
        sys.exit(not if_reachable)
    sys.exit(audit(files or LOCKED, osv_url))


def unusable(url: str) -> str | None:
    """Say why a service cannot tell of vulnerabilities; None when it can."""
    try:
        answer = httpx.post(url, json=KNOWN_TO_BE_VULNERABLE, timeout=PROBE_SECONDS)
        known = bool(answer.raise_for_status().json().get("vulns"))
    except (httpx.HTTPError, ValueError, AttributeError) as error:
        return f"{url} does not answer as it should ({type(error).__name__}: {error})"
    return None if known else f"{url} knows of no fault in jinja2 2.4.1, so it would find none anywhere"


def audit(files: list[str], url: str) -> int:
    """Run pip-audit on requirements that are pinned to the last one; return its exit code."""
    command = [str(Path(sys.executable).with_name("pip-audit")), "--strict", "--progress-spinner=off"]
    # Everything is pinned: nothing is to be resolved, nor installed.
    command += ["--disable-pip", "--no-deps", "--vulnerability-service=osv", f"--osv-url={url}"]
    command += [f"--requirement={file}" for file in files]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    execute(command_of(main, "audit"), "python -m cli.audit")
