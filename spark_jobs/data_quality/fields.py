"""The fields of a line of the log, in their order. No pyspark here: what checks the input starts without it."""

FIELDS = ("user_id", "timestamp", "artist_id", "artist_name", "track_id", "track_name")
