"""Where a lake may be, and which lakes are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyiceberg.catalog.sql import SqlCatalog, SqlCatalogBaseTable

from spark_jobs.lake import tables
from spark_jobs.lake.catalog import LakeCatalog, lake_catalog
from spark_jobs.lake.errors import EarlierLakeError, LakePlaceError, LostCatalogError, MovedLakeError
from tests.spark_jobs.lake.days import NAMESPACE, TABLES

POSTGRES = "postgresql://etl@db.example:5432/lake?sslmode=require"
PLANTED = "s3cret-of-the-catalog"


def _made_at(place: Path) -> LakeCatalog:
    lake = LakeCatalog(str(place))
    with lake.open() as catalog:
        tables.prepare(catalog, NAMESPACE, TABLES, buckets=2)
    return lake


@pytest.mark.parametrize(
    ("root", "warehouse"),
    [
        pytest.param("/data/lake", "file:///data/lake/warehouse", id="path"),
        pytest.param("/data/a lake/", "file:///data/a lake/warehouse", id="path with a space and a slash"),
        pytest.param("file:///data/lake", "file:///data/lake/warehouse", id="URI"),
        pytest.param("/data/x/../lake", "file:///data/lake/warehouse", id="path with dots"),
    ],
)
def test_warehouse_is_uri_of_local_files(root: str, warehouse: str) -> None:
    assert LakeCatalog(root).spark_settings()["spark.sql.catalog.lake.warehouse"] == warehouse


@pytest.mark.parametrize("root", ["hdfs://namenode/lake", "/data/100%/lake", "/data/what?", "/data/lake#1"])
def test_unfit_place_is_refused(root: str) -> None:
    with pytest.raises(LakePlaceError, match="allowed is"):
        LakeCatalog(root)


def test_unfit_working_directory_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "at 5%").mkdir()
    monkeypatch.chdir(tmp_path / "at 5%")
    with pytest.raises(LakePlaceError, match=f"found a lake at '{tmp_path}/at 5%/lake', allowed is"):
        LakeCatalog("lake")


def test_object_store_needs_postgresql() -> None:
    with pytest.raises(LakePlaceError, match="name a PostgreSQL in PIPELINE_CATALOG"):
        LakeCatalog("s3://bucket/lake")

    assert LakeCatalog("s3://bucket/lake/", POSTGRES).warehouse == "s3://bucket/lake/warehouse"


def test_catalog_is_read_from_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_CATALOG", POSTGRES)

    settings = lake_catalog("/data/lake").spark_settings()

    assert settings["spark.sql.catalog.lake.uri"] == "jdbc:postgresql://db.example:5432/lake?sslmode=require"
    assert settings["spark.sql.catalog.lake.jdbc.user"] == "etl"


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://etl:{PLANTED}@db.example:5432/lake",
        f"postgresql://etl@db.example:5432/lake?password={PLANTED}",
    ],
)
def test_password_in_address_is_refused_unsaid(address: str) -> None:
    with pytest.raises(LakePlaceError, match="PGPASSFILE") as refused:
        LakeCatalog("/data/lake", address)

    assert PLANTED not in str(refused.value)


@pytest.mark.parametrize("address", ["mysql://etl@db/lake", "postgresql://db/lake", "postgresql://etl@db"])
def test_unfit_address_is_refused(address: str) -> None:
    with pytest.raises(LakePlaceError, match="allowed is postgresql://user@host:5432/database"):
        LakeCatalog("/data/lake", address)


def test_moved_lake_is_refused(tmp_path: Path) -> None:
    _made_at(tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")

    with pytest.raises(MovedLakeError, match=f"lie at {tmp_path}/old, where this lake was made"):
        _made_at(tmp_path / "new")


def test_link_at_old_place_opens_moved_lake(tmp_path: Path) -> None:
    _made_at(tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")
    (tmp_path / "old").symlink_to(tmp_path / "new")

    with _made_at(tmp_path / "old").open() as catalog:
        assert catalog.table_exists(f"{NAMESPACE}.{TABLES[0].name}")


def test_lake_of_earlier_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "listens" / "run_date=2009-05-04").mkdir(parents=True)

    with pytest.raises(EarlierLakeError, match="listens/run_date=2009-05-04"), LakeCatalog(str(tmp_path)).open():
        pass
    assert not (tmp_path / "catalog.db").exists()


def test_documents_of_this_version_are_not_refused(tmp_path: Path) -> None:
    (tmp_path / "listening" / "runs" / "run_date=2009-05-04").mkdir(parents=True)

    with LakeCatalog(str(tmp_path)).open() as catalog:
        assert catalog.list_namespaces() == []


def test_catalog_that_another_process_makes_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_tables = SqlCatalog.create_tables

    def too_late(catalog: SqlCatalog) -> None:
        create_tables(catalog)
        SqlCatalogBaseTable.metadata.create_all(catalog.engine, checkfirst=False)

    monkeypatch.setattr(SqlCatalog, "create_tables", too_late)

    with LakeCatalog(str(tmp_path / "lake")).open() as catalog:
        assert catalog.list_namespaces() == []


def test_lost_catalog_is_not_an_empty_lake(tmp_path: Path) -> None:
    lake = _made_at(tmp_path / "lake")
    for file in Path(lake.root).glob("catalog.db*"):
        file.rename(tmp_path / file.name)
    # Also where something has made an empty one.
    for _ in range(2):
        with pytest.raises(LostCatalogError, match=r"catalog\.db is lost: it has no table, and .*/music/\w+ is one; "):
            lake.open().__enter__()
    for file in tmp_path.glob("catalog.db*"):
        file.rename(Path(lake.root) / file.name)
    with lake.open() as catalog:
        assert len(catalog.list_tables(NAMESPACE)) == len(TABLES)


def test_lake_whose_first_run_died_counts_as_new(tmp_path: Path) -> None:
    lake = _made_at(tmp_path / "lake")
    for file in Path(lake.root).glob("catalog.db*"):
        file.unlink()
    for file in Path(lake.root).glob("warehouse/*/*/metadata/*.metadata.json"):
        if not file.name.startswith("00000-"):
            file.unlink()
    with lake.open() as catalog:
        assert catalog.list_namespaces() == []
