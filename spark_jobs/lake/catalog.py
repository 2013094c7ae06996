"""Where a lake and its catalog are, and how Spark and pyiceberg open them.

The catalog is a table of pointers in a database: `<lake>/catalog.db`, or PostgreSQL where PIPELINE_CATALOG says so.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pyiceberg.catalog.sql import IcebergTables, SqlCatalog
from sqlalchemy import URL, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from tenacity import retry, retry_if_exception, stop_after_attempt, stop_after_delay, wait_random

from spark_jobs.lake.errors import EarlierLakeError, LakePlaceError, LostCatalogError, MovedLakeError
from spark_jobs.shared import object_store
from spark_jobs.shared.lake import fault_of_place
from spark_jobs.shared.object_store import without_keys

# The catalog's name, in SQL and in its own database.
CATALOG = "lake"
SETTING = "PIPELINE_CATALOG"
# SQLite: how long a writer waits for another one, in seconds. Java's driver fails after 3 without it.
BUSY_SECONDS = 60
# Parts of a PostgreSQL address that both drivers know and that are no secret.
_POSTGRES_OPTIONS = {"sslmode", "sslrootcert"}
_FORM = "found another address, allowed is postgresql://user@host:5432/database"
_LOCAL = re.compile(r"^file:/+")
# A database address would cut these off, or decode them.
_UNFIT = re.compile(r"[?#%\\\x00-\x1f\x7f]")

# A task reads one bucket, and all of it.
BY_BUCKET = "spark.sql.iceberg.planning.preserve-data-grouping"
# Joins by user read both tables bucket by bucket, without a shuffle.
READ_SETTINGS = {
    "spark.sql.sources.v2.bucketing.enabled": "true",
    BY_BUCKET: "true",
    # Both give wrong results: SPARK-58968, SPARK-59050.
    "spark.sql.sources.v2.bucketing.allowJoinKeysSubsetOfPartitionKeys.enabled": "false",
    "spark.sql.sources.v2.bucketing.shuffle.enabled": "false",
}


@dataclass(frozen=True)
class LakeCatalog:
    """A lake at `root`, a local path or `s3://bucket/prefix`; its catalog is at `address`, in SQLite if that is empty.

    Raises LakePlaceError where the two do not fit.
    """

    root: str
    address: str = ""

    def __post_init__(self) -> None:
        """Write the root as one absolute path, and refuse what cannot work."""
        object.__setattr__(self, "root", _absolute(self.root))
        if fault := fault_of_place(self.root, self.address):
            raise LakePlaceError(f"found a lake at {without_keys(self.root)}, allowed is {fault}")
        if self.address:
            _check_address(self.address)

    @property
    def on_s3(self) -> bool:
        """Is the lake in an object store?"""
        return self.root.startswith(object_store.SCHEME)

    @property
    def is_there(self) -> bool:
        """Has somebody made the catalog? PostgreSQL's is taken to be there."""
        return bool(self.address) or Path(self._file).exists()

    @property
    def warehouse(self) -> str:
        """The URI below which all tables are. With its scheme, a cluster's own default file system changes nothing."""
        return f"{self.root if self.on_s3 else f'file://{self.root}'}/warehouse"

    @property
    def database(self) -> URL:
        """The catalog's database, as SQLAlchemy names it; PostgreSQL's password is in PGPASSFILE or ~/.pgpass."""
        if self.address:
            url = make_url(self.address).set(drivername="postgresql+psycopg2")
            # Ten seconds until a silent server is given up, for pyiceberg tries twice. Java's driver does so by itself.
            return url.update_query_dict({"connect_timeout": "5"})
        return URL.create("sqlite", database=self._file, query={"timeout": str(BUSY_SECONDS)})

    @property
    def _file(self) -> str:
        return f"{self.root}/catalog.db"

    def spark_settings(self) -> dict[str, str]:
        """Return the settings with which a Spark session opens the lake: without secrets, and for a running JVM too."""
        ours = {"": "org.apache.iceberg.spark.SparkCatalog", ".type": "jdbc", **self._jdbc(), **self._object_store()}
        ours |= {
            ".warehouse": self.warehouse,
            # A long-lived Spark, such as a Connect server, would go on reading tables as it first saw them.
            ".cache-enabled": "false",
            ".jdbc.schema-version": "V1",
        }
        return {f"spark.sql.catalog.{CATALOG}{key}": value for key, value in ours.items()} | READ_SETTINGS

    @contextmanager
    def open(self) -> Iterator[SqlCatalog]:
        """Open the catalog without Spark; it is made if there is none.

        Raises EarlierLakeError for a lake of another version, LostCatalogError for one without its catalog,
        MovedLakeError for one at another place.
        """
        if not self.address:
            _refuse_earlier_lake(Path(self.root))
            Path(self.root).mkdir(parents=True, exist_ok=True)
            _write_ahead(self._file)
        properties = {"uri": self.database.render_as_string(hide_password=False), "warehouse": self.warehouse}
        properties |= {key[1:]: value for key, value in self._object_store().items()}
        catalog = _connected(properties)
        try:
            self._check_place(catalog)
            yield catalog
        finally:
            catalog.close()

    def _jdbc(self) -> dict[str, str]:
        if not self.address:
            return {".uri": f"jdbc:sqlite:{self._file}?busy_timeout={BUSY_SECONDS * 1000}&journal_mode=WAL"}
        url = make_url(self.address)
        place = URL.create("postgresql", None, None, url.host, url.port, url.database, url.query)
        return {".uri": f"jdbc:{place}", ".jdbc.user": url.username or ""}

    def _object_store(self) -> dict[str, str]:
        """Where the object store is; its keys come from the environment, a profile or the machine's role."""
        if not self.on_s3:
            return {}
        endpoint, region = object_store.endpoint(), object_store.region()
        found = {".s3.endpoint": endpoint, ".client.region": region, ".s3.region": region}
        # A store of one's own has no DNS name for each bucket.
        path_style = {".s3.path-style-access": "true"} if endpoint else {}
        return {
            ".io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
            ".py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO",
            **{key: value for key, value in found.items() if value},
            **path_style,
        }

    def _check_place(self, catalog: SqlCatalog) -> None:
        with catalog.engine.connect() as connection:
            places = connection.execute(select(IcebergTables.metadata_location)).scalars().all()
        if not places:
            self._check_new()
        # Java writes file:/ for file:///.
        paths = [_LOCAL.sub("/", place) for place in places if place]
        elsewhere = [path for path in paths if not path.startswith(f"{self.root}/warehouse/")]
        if elsewhere:
            made_at = elsewhere[0].split("/warehouse/")[0]
            instead = (
                f"set LAKE to {made_at}, name another database in {SETTING},"
                if self.on_s3
                else f"move it back to {made_at}, make that a link to it and set LAKE to the link,"
            )
            raise MovedLakeError(
                f"the catalog of {self.root} has tables that lie at {made_at}, where this lake was made, and Iceberg's "
                f"paths are absolute: {instead} or register its tables anew with Iceberg's procedures "
                "rewrite_table_path and register_table"
            )

    def _check_new(self) -> None:
        """Raise LostCatalogError where there are tables, though the catalog has none; looks at a local lake alone."""
        # A table's first version may be of a run that was killed before its catalog knew of it.
        files = Path(self.root).glob("warehouse/*/*/metadata/*-*.metadata.json")
        found = next((file for file in files if not file.name.startswith("00000-")), None)
        if found:
            raise LostCatalogError(
                f"the catalog {self.address or self._file} is lost: it has no table, and {found.parents[1]} is one; "
                "put it back from a backup, or register each table's newest metadata file with Iceberg's procedure "
                "register_table; to begin anew, set LAKE to an empty directory"
            )


def _is_made_meanwhile(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and "already exists" in str(error.orig)


# Another process may make each of its two tables in the same moment.
@retry(retry=retry_if_exception(_is_made_meanwhile), stop=stop_after_attempt(3), reraise=True)
def _connected(properties: dict[str, str]) -> SqlCatalog:
    return SqlCatalog(CATALOG, **properties)


def _is_locked(error: BaseException) -> bool:
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)


@retry(
    retry=retry_if_exception(_is_locked),
    stop=stop_after_delay(BUSY_SECONDS),
    wait=wait_random(0.01, 0.1),
    reraise=True,
)
def _write_ahead(file: str) -> None:
    """Have readers and one writer of a database not wait for each other; that stays with the file.

    If others open a new file in the same moment, SQLite refuses this at once and ignores its time limit.
    """
    with closing(sqlite3.connect(file, timeout=BUSY_SECONDS)) as database:
        database.execute("PRAGMA journal_mode=WAL")


def lake_catalog(root: str) -> LakeCatalog:
    """Return the lake at a root, with the catalog that the environment names."""
    return LakeCatalog(root, os.environ.get(SETTING, ""))


def _absolute(root: str) -> str:
    path = root.rstrip("/") or "/"
    if not path.startswith(object_store.SCHEME):
        path = _LOCAL.sub("/", path)
        if "://" in path:
            raise LakePlaceError(f"found a lake at {without_keys(root)}, allowed is a local path or s3://bucket/prefix")
        path = os.path.abspath(path)
    if _UNFIT.search(path):
        found = without_keys(repr(path))
        raise LakePlaceError(rf"found a lake at {found}, allowed is a path without ? # % \ and control characters")
    return path


def _check_address(address: str) -> None:
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        # A port that is no number is the latter. Either may have cited a password.
        raise LakePlaceError(f"{SETTING}: {_FORM}") from None
    if not url.drivername.startswith("postgresql") or not (url.host and url.username and url.database):
        raise LakePlaceError(f"{SETTING}: {_FORM}")
    if url.password or set(url.query) - _POSTGRES_OPTIONS:
        raise LakePlaceError(
            f"{SETTING}: it has a password or an option other than {' and '.join(sorted(_POSTGRES_OPTIONS))}; put the "
            "password into a file of mode 0600 that PGPASSFILE names, with a line host:port:database:user:password"
        )


def _refuse_earlier_lake(root: Path) -> None:
    found = next(root.glob("*/run_date=*"), None)
    if found:
        raise EarlierLakeError(
            f"{root} is a lake of an earlier version, it has {found.relative_to(root)}: set LAKE to an empty "
            "directory, and load the log there"
        )
