"""Find a Chromium of this machine, or install the distribution's own.

    python -m scripts.browser

prints where it is. Playwright would download another one; the distribution's is kept safe by its updates.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# What distributions call it; all of them understand Playwright.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]


class BrowserError(RuntimeError):
    """There is no Chromium; the message says how to get one."""


def chromium() -> Path:
    """Return the path of a Chromium; raises BrowserError where there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise BrowserError(f"no {', '.join(NAMES)} on the PATH; install one, on Debian with: {' '.join(INSTALL)}")
    return Path(found)


def install() -> None:
    """Install Debian's Chromium where we may: as root, with apt-get; does nothing where we may not."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "--quiet=2"], check=True)
        subprocess.run(INSTALL, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Print where Chromium is, installed if need be; exit with 1 and a word on what to do where there is none."""
    try:
        if not any(map(shutil.which, NAMES)):
            install()
        print(chromium())
    except (BrowserError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
