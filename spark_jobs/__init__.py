"""What Spark runs: three jobs that hand off through the lake, and what they share. Knows nothing of Airflow."""
