"""The secrets among the settings of a Spark connection, and how they stay out of logs."""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

REDACTION = "spark.redaction.regex"
# Spark's own, and what it lacks: Azure's account keys, names that other stores have, and the key of sensitive values
# (as a variable of executors). For Java as for Python.
SECRET = (
    "(?i)secret|passw|passphrase|token|access[._-]?key|account[._-]?key|api[._-]?key|private[._-]?key|masking[._-]?key|"  # noqa: S105
    "credential"
)
_NO_SECRETS = ("true", "false", "")


def secrets_of(settings: dict[str, Any]) -> dict[str, str]:
    """The settings that are secrets by their name, or that tell of one in themselves.

    >>> secrets_of({"spark.hadoop.fs.azure.account.key.a": "x1", "spark.driver.memory": "2g"})
    {'spark.hadoop.fs.azure.account.key.a': 'x1'}
    >>> secrets_of({"spark.executorEnv.PIPELINE_MASKING_KEY": "x2"})
    {'spark.executorEnv.PIPELINE_MASKING_KEY': 'x2'}
    """
    told = {name: str(value) for name, value in settings.items() if re.search(SECRET, f"{name} {value}")}
    return {name: value for name, value in told.items() if name != REDACTION and value not in _NO_SECRETS}


def hide_secrets(settings: dict[str, Any]) -> dict[str, str]:
    """Have Airflow mask the secrets in the task's log; return the setting with which Spark masks them in its own.

    Airflow knows fewer names than we do, and in `airflow dags test` masks nothing. A connection that says itself what
    Spark is to mask is left alone.
    """
    from airflow.sdk.log import mask_secret

    for secret in secrets_of(settings).values():
        mask_secret(secret)
    return {} if REDACTION in settings else {REDACTION: SECRET}


def write_properties(secrets: dict[str, str], file: Path) -> str:
    """Write settings for `spark-submit --properties-file`, readable by us alone, and return the file's path.

    On a command line the list of processes would show them, and the log of the provider. Spark does not read its
    `spark-defaults.conf` where it is given another file: so that comes first.
    """
    lines = [f"{_escaped(name)}={_escaped(value)}\n" for name, value in secrets.items()]
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as properties:
        properties.write("".join([_spark_defaults(), *lines]))
    return str(file)


def _spark_defaults() -> str:
    package = find_spec("pyspark")
    installed = Path(package.origin).parent if package and package.origin else Path()
    home = Path(os.environ.get("SPARK_HOME") or installed)
    defaults = Path(os.environ.get("SPARK_CONF_DIR") or home / "conf") / "spark-defaults.conf"
    return defaults.read_text(encoding="utf-8").rstrip("\n") + "\n" if defaults.is_file() else ""


def _escaped(text: str) -> str:
    r"""A name or a value as Java's property files have it.

    >>> print(_escaped(" a=b\\c"))
    \ a\=b\\c
    """
    return re.sub(r"[\\ :=#!]", r"\\\g<0>", text).replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
