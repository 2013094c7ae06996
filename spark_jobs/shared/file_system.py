"""Files and directories of the lake, through Hadoop."""

from __future__ import annotations

import errno
import os
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from spark_jobs.shared import marks


def entries(spark: SparkSession, directory: str) -> list[str]:
    """List the names of what is in a directory, in no order; none where there is no such directory."""
    try:
        statuses = _files(spark, directory).util().listStatus(_path(spark, directory))
    except Py4JJavaError as error:
        if is_a(error, "FileNotFoundException"):
            return []
        raise
    return [status.getPath().getName() for status in statuses]


def rename(spark: SparkSession, old: str, new: str) -> bool:
    """Rename a file or directory; False where there is nothing to rename or the new name is taken."""
    local = _local(spark, old)
    if local and os.path.isdir(local):
        return _rename_local_directory(local, _local(spark, new) or new)
    # FileContext, not FileSystem: the latter's rename moves a directory *into* an existing one without a word.
    no_options = _gateway(spark).new_array(_gateway(spark).jvm.org.apache.hadoop.fs.Options.Rename, 0)
    try:
        _files(spark, old).rename(_path(spark, old), _path(spark, new), no_options)
    except Py4JJavaError as error:
        if is_a(error, "FileNotFoundException", "FileAlreadyExistsException"):
            return False
        raise
    return True


def _rename_local_directory(old: str, new: str) -> bool:
    # Hadoop looks whether the name is taken, and renames then. If another run takes it in between, that fails, and
    # Hadoop goes on to copy the directory, file by file, *into* the other run's: a partition of both.
    try:
        os.rename(old, new)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True


def is_a(error: Py4JJavaError, *names: str) -> bool:
    """Is the Java exception of a class of one of these names?"""
    return error.java_exception.getClass().getSimpleName() in names


def make_directory(spark: SparkSession, directory: str) -> None:
    """Make a directory and those above it, unless it is there."""
    _files(spark, directory).mkdir(_path(spark, directory), None, True)


def remove(spark: SparkSession, directory: str) -> None:
    """Remove a directory and all below it, if it is there."""
    _files(spark, directory).delete(_path(spark, directory), True)


def write_text(spark: SparkSession, path: str, text: str) -> None:
    """Write a file, in place of what is there."""
    stream = _path(spark, path).getFileSystem(_hadoop_conf(spark)).create(_path(spark, path))
    stream.write(bytearray(text.encode()))
    stream.close()


def read_text(spark: SparkSession, file: str) -> str | None:
    """The text of a file, None where there is none."""
    path = _path(spark, file)
    try:
        stream = path.getFileSystem(_hadoop_conf(spark)).open(path)
    except Py4JJavaError as error:
        if is_a(error, "FileNotFoundException"):
            return None
        raise
    try:
        return bytes(stream.readAllBytes()).decode(errors="replace")
    finally:
        stream.close()


def file_sizes(spark: SparkSession, directory: str) -> dict[str, int]:
    """The data files below a directory, by their name within it, and their sizes in bytes."""
    root = _path(spark, directory).getFileSystem(_hadoop_conf(spark)).resolvePath(_path(spark, directory)).toString()
    files = _files(spark, directory).util().listFiles(_path(spark, directory), True)
    sizes = {}
    while files.hasNext():
        status = files.next()
        name = status.getPath().toString().removeprefix(f"{root}/")
        if marks.is_data(name):
            sizes[name] = status.getLen()
    return sizes


def _local(spark: SparkSession, path: str) -> str | None:
    """The path of the local file system that a path or URI means, None if it means another file system's."""
    file_system = _path(spark, path).getFileSystem(_hadoop_conf(spark))
    is_local = file_system.getUri().getScheme() == "file"
    return file_system.makeQualified(_path(spark, path)).toUri().getPath() if is_local else None


def _files(spark: SparkSession, path: str) -> Any:
    uri = _path(spark, path).getFileSystem(_hadoop_conf(spark)).getUri()
    return _gateway(spark).jvm.org.apache.hadoop.fs.FileContext.getFileContext(uri, _hadoop_conf(spark))


def _path(spark: SparkSession, path: str) -> Any:
    return _gateway(spark).jvm.org.apache.hadoop.fs.Path(path)


def _gateway(spark: SparkSession) -> Any:
    return spark.sparkContext._gateway


def _hadoop_conf(spark: SparkSession) -> Any:
    return spark._jsc.hadoopConfiguration()
