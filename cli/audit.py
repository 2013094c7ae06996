"""Look the pinned dependencies up among the published vulnerabilities, with pip-audit.

Exits with 1 when there is one, or when the list of them cannot be asked; with `--if-reachable` the latter is only a
word, so that `make check` works without a network. The argument OSV_URL, as make passes it, is another service
that speaks OSV's protocol.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx

from cli import arguments
from cli.environment import PROJECT, past_proxies
from cli.terminal import console, plain

OSV_URL = "https://api.osv.dev/v1/query"
LOCKED = [str(PROJECT / name) for name in ("requirements.txt", "requirements-dev.txt")]
# Whoever finds nothing wrong with it does not know the vulnerabilities of Python packages.
KNOWN_TO_BE_VULNERABLE = {"package": {"name": "jinja2", "ecosystem": "PyPI"}, "version": "2.4.1"}
PROBE_SECONDS = 10


def main() -> None:
    """Audit, and exit as the docstring of this module says."""
    words = [word for word in sys.argv[1:] if arguments.named(word)]
    others = [word for word in sys.argv[1:] if word not in words]
    optional = "--if-reachable" in others
    files = [word for word in others if not word.startswith("--")] or LOCKED
    try:
        url = arguments.read("audit", "OSV_URL", words=words).get("OSV_URL", OSV_URL)
    except arguments.ArgumentError as error:
        sys.exit(str(error))
    os.environ.update(past_proxies())
    problem = unusable(url)
    if problem:
        console.print(f"[bold yellow]Dependencies not audited:[/] {plain(problem)}; call make audit where it answers")
        sys.exit(not optional)
    sys.exit(audit(files, url))


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
    main()
