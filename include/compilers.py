"""Which of Java's two compilers the Spark of a run may use: on a small log the second costs more than it saves."""

from __future__ import annotations

SETTING = "spark.driver.defaultJavaOptions"
# Measured in docs/performance.md; a log of LastFM-1K's kind has 137 bytes a listen.
LARGE_LOG = 128 * 2**20


def java_options(log_bytes: int) -> str:
    """Options for the Java of the driver, which is all there is of an embedded Spark; none when the log is large.

    Spark puts them before `spark.driver.extraJavaOptions`, so that whatever a connection says there stands above them.
    """
    return "" if log_bytes >= LARGE_LOG else "-XX:TieredStopAtLevel=1"
