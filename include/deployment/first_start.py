"""What comes before Airflow's services: bad settings stop the start; the login, the lake's places and catalog are made.

    python -m include.deployment.first_start

Reads the environment of the service `airflow-init`; exits with 1 and a word on each bad setting. May be run again.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from include.deployment import catalog_database
from include.deployment.settings import SettingsError, settings
from spark_jobs.lake.errors import LakePlaceError
from spark_jobs.shared.logs import contracts


def main() -> None:
    """Check the settings, then make what the services expect to find."""
    try:
        # Any log's: catalog and event logs are of the whole lake.
        lake = settings().lake(next(iter(contracts())))
        catalog = lake.catalog.database
    except (SettingsError, LakePlaceError) as error:
        sys.exit(f"ERROR settings: {error}")
    # Spark's history server does not start without it.
    lake.spark_events().mkdir(parents=True, exist_ok=True)
    keep_password(
        Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]),
        os.environ["AIRFLOW_ADMIN_USER"],
        os.environ["AIRFLOW_ADMIN_PASSWORD"],
    )
    catalog_database.prepare(
        catalog,
        os.environ["LAKE_PASSWORD"],
        os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"],
        Path(os.environ["PGPASSFILE"]),
    )


def keep_password(file: Path, user: str, password: str) -> None:
    """Put a user's password where Airflow's simple login reads it; other users keep theirs.

    Replaced whole: Airflow reads the file at every login. Readable by its owner alone, for it is in clear.
    """
    passwords = json.loads(file.read_text()) if file.exists() else {}
    made = file.with_suffix(".made")
    made.unlink(missing_ok=True)
    with open(made, "x", opener=lambda path, flags: os.open(path, flags, 0o600)) as kept:
        json.dump({**passwords, user: password}, kept)
    made.replace(file)


if __name__ == "__main__":
    main()
