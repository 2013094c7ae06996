"""A log of three fields, as somebody would add it: its files lie here as those of a log lie in `spark_jobs`."""
