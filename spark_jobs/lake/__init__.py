"""The lake: Apache Iceberg tables that a run writes on branches, and that readers see when the run is published.

No other package knows how data is kept. Spark reads and writes rows; all else needs no Spark, and takes milliseconds.
"""
