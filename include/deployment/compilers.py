"""Which of Java's two compilers the Spark of a run may use: on little input the second costs more than it saves."""

from __future__ import annotations

SETTING = "spark.driver.defaultJavaOptions"
# Measured in docs/performance.md, where a listen has 137 bytes.
MUCH_INPUT = 128 * 2**20


def java_options(text_bytes: int) -> str:
    """Options for the Java of the driver, which is all there is of an embedded Spark; none when there is much input.

    Spark puts them before `spark.driver.extraJavaOptions`, so that whatever a connection says there stands above them.
    """
    return "" if text_bytes >= MUCH_INPUT else "-XX:TieredStopAtLevel=1"
