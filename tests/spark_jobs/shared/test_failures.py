"""The text of an error decides what the user is told to do."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from spark_jobs.shared.failures import NO_DIRECTORY, SERVER_GONE, Cause, causes, explain, is_failed_read, root_of

# As Spark Connect hands an error on: without the stack of Java.
OVER_CONNECT = RuntimeError(
    "(org.apache.iceberg.exceptions.NotFoundException) File does not exist: file:/lake/a.parquet"
)


def failure(spark: SparkSession, path: Path) -> Exception:
    with pytest.raises(Exception, match="FAILED_READ_FILE") as caught:
        spark.read.text(str(path)).agg(F.max("value")).collect()
    return caught.value


def test_damaged_file_is_a_failed_read(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "log.gz").write_bytes(b"u\n")
    error = failure(spark, tmp_path / "log.gz")
    assert is_failed_read(error)
    assert root_of(error) == "EOFException: Unexpected end of input stream"
    root = causes(error)[-1]
    assert root.thrown_by.startswith("org.apache.hadoop.io.compress.")


def test_error_of_python_has_no_cause() -> None:
    error = ValueError("nothing to read\nand more")
    assert (causes(error), is_failed_read(error)) == ([], False)
    assert (root_of(error), explain(error)) == ("nothing to read", "ValueError: nothing to read")


@pytest.mark.parametrize(
    ("said", "explained"),
    [
        pytest.param(
            "java.io.IOException: Mkdirs failed to create file:/lake/x", f": {NO_DIRECTORY}; nothing", id="directory"
        ),
        pytest.param("java.io.IOException: No space left on device", "free space on the disk", id="full"),
        pytest.param("java.io.FileNotFoundException: /lake/x (Permission denied)", "give it to the user", id="mode"),
        pytest.param("a.b.NotFoundException: File does not exist: file:/x", "run the stage that made it", id="lost"),
    ],
)
def test_what_to_do_is_said(said: str, explained: str) -> None:
    text = "An error occurred while calling o1.save.\n: org.apache.spark.SparkException: Job aborted\n\tat a.B.c(D:1)\n"
    assert explained in explain(RuntimeError(f"{text}Caused by: {said}\n\tat e.F.g(H:1)\n\t... 1 more\n"))
    assert causes(RuntimeError(f"{text}Caused by: {said}\n\tat e.F.g(H:1)\n"))[-1].thrown_by == "e.F.g"


@pytest.mark.parametrize(
    ("error", "explained"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "free space on the disk"),
        (sqlite3.OperationalError("disk I/O error"), "free space on the disk"),
        (sqlite3.OperationalError("unable to open database file"), "mounted to be written to"),
    ],
)
def test_python_errors_are_explained(error: Exception, explained: str) -> None:
    assert explained in explain(error)


def test_error_without_a_stack_is_understood() -> None:
    assert causes(OVER_CONNECT) == [Cause("NotFoundException", "File does not exist: file:/lake/a.parquet", "")]


CALL = """<_InactiveRpcError of RPC that terminated with:
	status = StatusCode.{status}
	details = "{details}"
	debug_error_string = "UNKNOWN:{details}"
>"""


@pytest.mark.parametrize(
    ("status", "details", "explained"),
    [
        ("UNAVAILABLE", "failed to connect to all addresses", SERVER_GONE),
        ("UNKNOWN", "Application error processing RPC", SERVER_GONE),
        ("INTERNAL", "[INVALID_HANDLE.SESSION_CLOSED] The handle 1 is invalid. Session was closed.", SERVER_GONE),
        ("UNAUTHENTICATED", "Invalid authentication token", "RuntimeError: Invalid authentication token"),
    ],
)
def test_failed_calls_of_a_server_are_explained(status: str, details: str, explained: str) -> None:
    assert explain(RuntimeError(CALL.format(status=status, details=details))) == explained
