"""Fetch the jars that Spark needs for the lake, once, into the project's own folder.

    python -m include.deployment.jars [--s3]

A jar that is there is not fetched again, so that later starts need no network. PIPELINE_MAVEN_URL names another
repository than Maven Central.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / ".jars"
MAVEN_CENTRAL = "https://repo1.maven.org/maven2"
TRIES = 3


class JarError(RuntimeError):
    """A jar is not there and cannot be fetched, and the message says what to do."""


@dataclass(frozen=True)
class Jar:
    """A jar of a Maven repository, pinned by its version and its SHA-256."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Name the file, as Maven does."""
        return f"{self.artifact}-{self.version}.jar"

    @property
    def path(self) -> str:
        """Return the place below a repository's root.

        >>> Jar("org.postgresql", "postgresql", "42.7.14", "").path
        'org/postgresql/postgresql/42.7.14/postgresql-42.7.14.jar'
        """
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.file_name}"


LAKE = (
    Jar(
        "org.apache.iceberg",
        "iceberg-spark-runtime-4.1_2.13",
        "1.12.0",
        "3123c3798af642dd537230923548e013ef41cc28b6626e5225808cf5670a0f82",
    ),
    # The catalog on one machine, and the catalog of a stack.
    Jar(
        "org.xerial",
        "sqlite-jdbc",
        "3.54.1.0",
        "f8dce420a6016278497f4f0560f65602b9db858de141b541cf91a4644ebe4639",
    ),
    Jar(
        "org.postgresql",
        "postgresql",
        "42.7.14",
        "73914527305a40cce504b0d3d90b23caf565136912d607ae8ae7c5895512332c",
    ),
)
# For a lake or an input in an object store. hadoop-aws reads s3a:// inputs; with the bundle and the two modules of the
# SDK it needs no `software.amazon.awssdk:bundle`, which is 641 MB.
S3 = (
    Jar(
        "org.apache.iceberg",
        "iceberg-aws-bundle",
        "1.12.0",
        "dd7e49ffa4ac9b215bed846581991259e3aec9bb2fa08d6cec029c46cd66d957",
    ),
    Jar(
        "org.apache.hadoop",
        "hadoop-aws",
        "3.4.2",
        "d2d24e6b715b5656b9d238bf13b6682a07e2004dd36aad74a73aeb854319f4d9",
    ),
    Jar(
        "software.amazon.awssdk",
        "s3-transfer-manager",
        "2.54.17",
        "7bef0ea4efd5e0860bab63e08317040951edb51b72a5be734284c28b8324ab87",
    ),
    Jar(
        "software.amazon.awssdk",
        "apache-client",
        "2.54.17",
        "0b00ae3d55c3d1213ca47b5651dc4c2a0080fc9b6192dde3d53c3da6c1811bcb",
    ),
)


def jars_for(*places: str) -> tuple[Jar, ...]:
    """Return the jars for a lake and an input at some places: those for an object store only where one is there."""
    return (*LAKE, *S3) if any(place.startswith(("s3://", "s3a://")) for place in places) else LAKE


def spark_jars(*places: str, master: str = "", connection: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Return the setting by which Spark finds `jars_for` places, which may have to be fetched yet.

    What a connection's extra says of the same setting stays in it. On a cluster that is `spark.jars`, which brings them
    to all workers. Where the driver is all there is, its class path: of that Java keeps an archive, and copies nothing.
    """
    jars = [FOLDER / jar.file_name for jar in jars_for(*places)]
    if master.startswith("local"):
        name, separator, ours = "spark.driver.extraClassPath", os.pathsep, list(map(str, jars))
    else:
        # As URIs: a path may have a comma.
        name, separator, ours = "spark.jars", ",", [jar.as_uri() for jar in jars]
    theirs = (connection or {}).get(name, "").split(separator)
    return {name: separator.join([*ours, *filter(None, theirs)])}


def local_jars(jars: Sequence[Jar] = LAKE, folder: Path = FOLDER) -> list[Path]:
    """Return the jars' files, fetching those that are not there; each is checked against its SHA-256.

    Raises JarError when one cannot be fetched.
    """
    missing = [jar for jar in jars if not (folder / jar.file_name).exists()]
    if missing:
        names = ", ".join(jar.file_name for jar in missing)
        sys.stderr.write(f"Fetching {names} into {folder}, once ...\n")
    return [_local(jar, folder) for jar in jars]


def _local(jar: Jar, folder: Path) -> Path:
    # Not above: every task of Airflow imports this module.
    import pooch

    pooch.get_logger().setLevel("WARNING")
    repository = os.environ.get("PIPELINE_MAVEN_URL", MAVEN_CENTRAL).rstrip("/")
    shelf = pooch.create(
        folder,
        repository,
        registry={jar.file_name: f"sha256:{jar.sha256}"},
        urls={jar.file_name: f"{repository}/{jar.path}"},
        retry_if_failed=TRIES - 1,
    )
    try:
        return Path(shelf.fetch(jar.file_name))
    except (OSError, ValueError) as error:
        raise JarError(
            f"{folder / jar.file_name} is not there, or is not the pinned one, and {repository}/{jar.path} cannot be "
            f"fetched ({error}); put the file there by hand, or name another repository in PIPELINE_MAVEN_URL"
        ) from error


def main(argv: list[str] | None = None) -> None:
    """Fetch the jars and print their paths."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--s3", action="store_true", help="fetch those for an object store, too")
    args = parser.parse_args(argv)
    try:
        for path in local_jars((*LAKE, *S3) if args.s3 else LAKE):
            sys.stdout.write(f"{path}\n")
    except JarError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
