"""The code that Spark runs: three jobs that hand off through the lake, and their shared packages. Without Airflow."""
