"""What is measured of a run: metrics, and what Spark says that a stage cost."""
