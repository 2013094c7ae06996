"""Which of Java's two compilers the Spark of a run may use: on little input the second costs more than it saves."""

from __future__ import annotations

SETTING = "spark.driver.defaultJavaOptions"
# Measured in docs/performance.md, where a listen has 137 bytes.
MUCH_INPUT = 128 * 2**20
# With one compiler Java has room for a fifth of the code that it has room for with two. A run fills that, and Java then
# throws away what it has just compiled. And by default Java collects all of its heap when classes take 20 MB, then 35.
ONE_COMPILER = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:MetaspaceSize=256m"


def java_options(text_bytes: int) -> str:
    """Return options for the Java of the driver, which is all there is of an embedded Spark; none for much input.

    Spark puts them before `spark.driver.extraJavaOptions`, so that whatever a connection says there stands above them.
    """
    return "" if text_bytes >= MUCH_INPUT else ONE_COMPILER
