"""Find a Java that Spark runs on, or install one into the project's own folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import cjdk

# Spark 4.1 runs on Java 17 and 21 (https://spark.apache.org/docs/4.1.0/#downloading).
SUITABLE = (17, 21)
INSTALLED = "temurin-jre:17"


class JavaError(RuntimeError):
    """There is no suitable Java, and the message says what to do."""


def java_home(install_directory: Path) -> Path:
    """Return the home of a Java 17 or 21: `JAVA_HOME`, else the `java` on the path, else one installed by cjdk.

    Raises JavaError when `JAVA_HOME` points to another version, or when there is no network to install from.
    """
    chosen = os.environ.get("JAVA_HOME")
    if chosen:
        found = ask_java(Path(chosen) / "bin" / "java")
        if found is None or found.version not in SUITABLE:
            named = f"Java {found.version}" if found else "no Java at all"
            raise JavaError(
                f"JAVA_HOME={chosen} is {named}, allowed is Java 17 or 21; "
                "point JAVA_HOME to one of these, or unset it to have one found or installed"
            )
        return Path(chosen)

    on_path = shutil.which("java")
    found = ask_java(Path(on_path)) if on_path else None
    return found.home if found and found.version in SUITABLE else _install(install_directory)


@dataclass(frozen=True)
class Java:
    """What a Java says of itself: its feature version (17 of 17.0.15) and its home."""

    version: int
    home: Path


def ask_java(command: Path) -> Java | None:
    """Ask a `java` command what it is; None if it is none. It may be a launcher that lies far from its Java."""
    question = [str(command), "-XshowSettings:properties", "-version"]
    try:
        answer = subprocess.run(question, capture_output=True, text=True, timeout=60, check=False).stderr
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"java\.specification\.version = (?:1\.)?(\d+)", answer)
    home = re.search(r"java\.home = (.+)", answer)
    return Java(int(version[1]), Path(home[1].strip())) if version and home else None


def _install(directory: Path) -> Path:
    print(f"No Java 17 or 21 found: installing {INSTALLED} into {directory} (about 50 MB) ...", flush=True)
    try:
        return Path(cjdk.java_home(jdk=INSTALLED, cache_dir=directory))
    except Exception as error:
        raise JavaError(
            f"no Java 17 or 21 was found, and installing one failed ({error}); "
            "install openjdk-17-jre-headless or the like by hand, or set JAVA_HOME to a Java 17 or 21"
        ) from error
