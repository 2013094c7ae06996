"""The lake with its catalog in a PostgreSQL that asks for a password, which is nowhere to be seen."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spark_jobs.lake import lock
from spark_jobs.lake.catalog import lake_catalog
from spark_jobs.lake.errors import LockedError
from tests.catalog_server import PLANTED, catalog_server
from tests.conftest import PROJECT
from tests.spark_jobs.lake.days import MONDAY, mains_of, published_run
from tests.stack.spark_cluster import clean_environment

pytestmark = pytest.mark.stack


@pytest.fixture
def catalog_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Return the environment for a catalog in PostgreSQL; the password is in a file that only we can read."""
    with catalog_server(tmp_path) as settings:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        yield settings


def test_run_with_catalog_in_postgresql(catalog_settings: dict[str, str], tmp_path: Path) -> None:
    lake, events = lake_catalog(str(tmp_path / "lake")), tmp_path / "events"
    events.mkdir()
    (tmp_path / "spark-defaults.conf").write_text(
        f"spark.eventLog.enabled true\nspark.eventLog.compress false\nspark.eventLog.dir file://{events}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.spark_jobs.lake.one_run", lake.root],
        cwd=PROJECT,
        env=clean_environment() | catalog_settings | {"SPARK_CONF_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["run"] == published_run(lake, MONDAY).snapshots == mains_of(lake)
    written = "".join(path.read_text(errors="replace") for path in events.rglob("*") if path.is_file())
    assert "jdbc:postgresql" in written
    assert any("jdbc:postgresql" in command for command in said["commands"])
    for text in (written, done.stdout, done.stderr, *said["commands"]):
        assert PLANTED not in text
    assert not (Path(lake.root) / "catalog.db").exists()


def test_lock_and_place_with_catalog_in_postgresql(catalog_settings: dict[str, str], tmp_path: Path) -> None:
    lake = lake_catalog(str(tmp_path / "lake"))
    with lake.open() as catalog:
        lock.take(catalog, "listening", "first")
        with pytest.raises(LockedError):
            lock.take(catalog, "listening", "second")
        assert lock.release(catalog, "listening", "first")
        lock.take(catalog, "listening", "second")
