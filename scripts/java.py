"""Find a Java that Spark runs on, or install one into the project's own folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
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
        found = version_of(Path(chosen) / "bin" / "java")
        if found not in SUITABLE:
            raise JavaError(
                f"JAVA_HOME={chosen} is {_named(found)}, allowed is Java 17 or 21; "
                "point JAVA_HOME to one of these, or unset it to have one found or installed"
            )
        return Path(chosen)

    on_path = shutil.which("java")
    if on_path and version_of(Path(on_path)) in SUITABLE:
        return Path(on_path).resolve().parents[1]
    return _install(install_directory)


def version_of(java: Path) -> int | None:
    """Return the feature version of a `java` command (17 of 17.0.15), None if it is none."""
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return None
    version = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)
    return int(version[1]) if version else None


def _install(directory: Path) -> Path:
    print(f"No Java 17 or 21 found: installing {INSTALLED} into {directory} (about 50 MB) ...", flush=True)
    try:
        return Path(cjdk.java_home(jdk=INSTALLED, cache_dir=directory))
    except Exception as error:
        raise JavaError(
            f"no Java 17 or 21 was found, and installing one failed ({error}); "
            "install openjdk-17-jre-headless or the like by hand, or set JAVA_HOME to a Java 17 or 21"
        ) from error


def _named(version: int | None) -> str:
    return "no Java at all" if version is None else f"Java {version}"
