"""What Airflow gains: an operator for our Spark jobs and one for Great Expectations checkpoints."""
