"""The database of the lake's catalog, made beside Airflow's on a real server."""

from __future__ import annotations

from pathlib import Path

import psycopg2
import pytest
from sqlalchemy.engine import make_url

from include.deployment.catalog_database import prepare
from tests.stack import postgres
from tests.stack.running import open_directory, postgres_server

pytestmark = pytest.mark.stack


def _may_enter(database: str, port: int, passwords: Path) -> bool:
    try:
        psycopg2.connect(host="127.0.0.1", port=port, user="lake", dbname=database, passfile=str(passwords)).close()
    except psycopg2.OperationalError:
        return False
    return True


def test_role_and_database_are_made_once(tmp_path: Path) -> None:
    passwords = tmp_path / "pgpass"
    with postgres_server("airflow", "word-of-airflow") as port:
        catalog = make_url(f"postgresql://lake@127.0.0.1:{port}/lake")
        metadata = f"postgresql+psycopg2://airflow:word-of-airflow@127.0.0.1:{port}/airflow"
        prepare(catalog, "first'word", metadata, passwords)
        assert _may_enter("lake", port, passwords)

        prepare(catalog, "second-word", metadata, tmp_path / "new")
        assert _may_enter("lake", port, tmp_path / "new")
        assert not _may_enter("lake", port, passwords)


def test_cluster_stays_as_it_is() -> None:
    with open_directory() as scratch:
        for password in ("word", "another"):
            postgres.make_cluster(scratch / "data", "airflow", password)
            (scratch / "data" / "kept").touch()
        with postgres_server("airflow", "word", scratch / "data") as port:
            url = f"postgresql://airflow:word@127.0.0.1:{port}/airflow"
            psycopg2.connect(url).close()
        assert (scratch / "data" / "kept").exists()
