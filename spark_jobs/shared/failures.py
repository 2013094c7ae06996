"""Say in one line why Spark failed: its own message is hundreds of lines of Java.

Spark is asked for nothing here: an error's text has all of its Java exceptions, whichever way it came to Python.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FREE_SPACE = (
    "free space on the disk of the lake and on that of Spark's scratch files (spark.local.dir), then clear the task"
)
NO_DIRECTORY = "no directory can be made there: is the disk full, or not mounted to be written to? Then clear the task"
NO_CATALOG = (
    "the file and its directory must be there, be the user's that runs Spark, and be on a disk that is mounted to be "
    "written to; then clear the task"
)
# Messages of the operating system and SQLite, and what to do about each.
_DISK = {
    "No space left on device": FREE_SPACE,
    "Disk quota exceeded": FREE_SPACE,
    "Read-only file system": "have it mounted to be written to, then clear the task",
    "Mkdirs failed": NO_DIRECTORY,
    "mkdir of": NO_DIRECTORY,
    # SQLite cannot make room for what its readers and writers share.
    "disk I/O error": FREE_SPACE,
    "database or disk is full": FREE_SPACE,
    "unable to open database file": NO_CATALOG,
    "attempt to write a readonly database": NO_CATALOG,
    "Permission denied": "give it to the user that runs Spark, then clear the task",
}
# Of a Connect server that has died, and may have been started anew meanwhile.
_SERVER_GONE = (
    "NO_ACTIVE_SESSION",
    "INVALID_HANDLE.SESSION_",
    "INVALID_CURSOR.DISCONNECTED",
    "OPERATION_CANCELED",
    "StatusCode.UNAVAILABLE",
    "RETRIES_EXCEEDED",
    # While it is told to end.
    "Application error processing RPC",
    "SparkContext was shut down",
    "stopped SparkContext",
)
SERVER_GONE = (
    "Spark's server has ended this session: it died, for want of memory or killed by somebody, as its log tells, or "
    "another try of the task has begun. Nothing of this try was published; the next one starts from nothing"
)
_AGAIN = "if trying again does not mend it, run the stage that made it again for its run date"
# Of files of the lake that are gone or damaged.
_LOST = ("NotFoundException", "ChecksumException", "FileNotFoundException", "ParquetDecodingException", "EOFException")
_UNREADABLE = re.compile(r"\[(FAILED_READ_FILE|CANNOT_READ_FILE_FOOTER)\b")
# A line that begins an exception, as Java writes it or, in brackets, Spark Connect; its stack is of `at` and a method.
_EXCEPTION = re.compile(
    r"^(?:Caused by: |: )?\(?(?:[\w$]+\.)+([\w$]*(?:Exception|Error)[\w$]*)\)?(?:[:]? (.*))?$", re.M
)
# What a call of gRPC says of why it failed, among lines of its own.
_DETAILS = re.compile(r'^\s*details = "(.+)"$', re.M)
_FRAME = re.compile(r"\s*at ([\w$.<>]+)\(")


@dataclass(frozen=True)
class Cause:
    """One of the Java exceptions of an error: its class, what it says in one line, and the method that threw it."""

    kind: str
    says: str
    thrown_by: str


def explain(error: BaseException) -> str:
    """Say what happened and what to do, as far as the error tells; one line."""
    if any(words in str(error) for words in _SERVER_GONE):
        return SERVER_GONE
    chain = causes(error)
    of_python = f"{type(error).__name__}: {_one_line(str(error))}"
    said = [cause.says for cause in reversed(chain)] or [of_python]
    for words, what_to_do in _DISK.items():
        for text in said:
            if words in text:
                return f"{text}: {what_to_do}; nothing of this try was published"
    if not chain:
        return of_python
    root = root_of(error)
    return f"{root}: {_AGAIN}" if is_failed_read(error) or chain[-1].kind in _LOST else root


def causes(error: BaseException) -> list[Cause]:
    """Return the Java exceptions of an error, the root last; none of an error of Python's."""
    text = str(error)
    found = list(_EXCEPTION.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    return [_cause(match, text[match.end() : end]) for match, end in zip(found, ends, strict=False)]


def root_of(error: BaseException) -> str:
    """Return an error's message in one line; of a Java error, that of its root cause."""
    chain = causes(error)
    return f"{chain[-1].kind}: {chain[-1].says}" if chain else _one_line(str(error))


def is_failed_read(error: BaseException) -> bool:
    """Did Spark fail to read a file that it was to read as it is, such as one of an input?"""
    return bool(_UNREADABLE.search(str(error)))


def _cause(match: re.Match[str], after: str) -> Cause:
    frame = _FRAME.search(after)
    return Cause(match[1], _one_line(match[2] or ""), frame[1] if frame else "")


def _one_line(text: str) -> str:
    if details := _DETAILS.search(text):
        return details[1]
    return next((line.strip() for line in text.splitlines() if line.strip()), "no word on why")
