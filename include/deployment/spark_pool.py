"""The pool of Airflow in which all tasks that start a Spark take turns, those of all DAGs.

    python -m include.deployment.spark_pool

Run it where Airflow runs, after `airflow db migrate`; it may be run again.
"""

from __future__ import annotations

NAME, SLOTS = "spark", 1
DESCRIPTION = "Tasks that start a Spark: as many at once as fit into the machine's memory"


def main() -> None:
    """Make the pool if it is not there. Slots that somebody has changed stay."""
    # Not above: operators import this module wherever a DAG is parsed.
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session

    with create_session() as session:
        if Pool.get_pool(NAME, session=session) is None:
            Pool.create_or_update_pool(NAME, SLOTS, DESCRIPTION, include_deferred=False, session=session)


if __name__ == "__main__":
    main()
