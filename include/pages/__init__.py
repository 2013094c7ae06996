"""The pages that Airflow's UI shows beside its own; not in `plugins/`, as Airflow loads all that in every task."""
