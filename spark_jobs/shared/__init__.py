"""Code that the three jobs share: the lake's layout and schemas, storage, the Spark session, the command line."""
