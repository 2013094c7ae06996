"""What made Spark fail, in one line for whoever opens the log: its own words are Java's, and hundreds of lines."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from py4j.protocol import Py4JJavaError

FREE_SPACE = (
    "free space on the disk of the lake and on that of Spark's scratch files (spark.local.dir), then clear the task"
)
NO_DIRECTORY = "no directory can be made there: is the disk full, or not mounted to be written to? Then clear the task"
# What the operating system says, and what to do about it.
_DISK = {
    "No space left on device": FREE_SPACE,
    "Disk quota exceeded": FREE_SPACE,
    "Read-only file system": "have it mounted to be written to, then clear the task",
    "Mkdirs failed": NO_DIRECTORY,
    "mkdir of": NO_DIRECTORY,
    "Permission denied": "give it to the user that runs Spark, then clear the task",
}
_AGAIN = "if trying again does not mend it, run the stage that made it again for its run date"
_READS = ("FAILED_READ_FILE", "CANNOT_READ_FILE_FOOTER")


def explain(error: BaseException) -> str:
    """Say what happened and what to do, as far as the error tells; one line."""
    if not isinstance(error, Py4JJavaError):
        return _one_line(f"{type(error).__name__}: {error}")
    chain = causes(error.java_exception)
    said = [_one_line(f"{cause.getMessage()}") for cause in chain]
    for words, what_to_do in _DISK.items():
        for sentence in reversed(said):
            if words in sentence:
                return f"{sentence}: {what_to_do}; nothing of this try was published"
    root = root_of(error)
    file = failed_read(chain)
    if file and "FILE_NOT_EXIST" in str(_condition(chain)):
        return f"{file} went away while it was read: was it replaced, or removed? {_AGAIN}"
    if file:
        return f"{file} cannot be read ({root}): {_AGAIN}"
    # Of a file that Spark reads before any task does: its message names it.
    return f"{root}: {_AGAIN}" if root.startswith("ChecksumException") else root


def causes(exception: Any) -> list[Any]:
    """A Java exception and what it was caused by, the root last."""
    chain = [exception]
    while chain[-1].getCause() is not None:
        chain.append(chain[-1].getCause())
    return chain


def root_of(error: BaseException) -> str:
    """What an error says, of one of Java's what was at its root; one line."""
    if not isinstance(error, Py4JJavaError):
        return _one_line(str(error))
    root = causes(error.java_exception)[-1]
    return f"{root.getClass().getSimpleName()}: {_one_line(f'{root.getMessage()}')}"


def failed_read(chain: list[Any]) -> str | None:
    """The file that Spark failed to read, None if it failed otherwise."""
    for cause in chain:
        if _is_failed_read(cause):
            return unquote(cause.getMessageParameters().get("path"))
    return None


def _condition(chain: list[Any]) -> str | None:
    return next((cause.getCondition() for cause in chain if _is_failed_read(cause)), None)


def _is_failed_read(cause: Any) -> bool:
    return cause.getClass().getName() == "org.apache.spark.SparkException" and str(cause.getCondition()).startswith(
        _READS
    )


def _one_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "no word on why")
