"""The answers of `notes`: activity, retention, segments, load times and anomalies."""
