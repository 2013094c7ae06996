"""The secrets among the settings of a Spark connection, and how they stay out of logs."""

from __future__ import annotations

import re
from typing import Any

REDACTION = "spark.redaction.regex"
# Spark's own, and what it lacks: Azure's account keys, and names that other stores have. For Java as for Python.
SECRET = "(?i)secret|passw|passphrase|token|access[._-]?key|account[._-]?key|api[._-]?key|private[._-]?key|credential"  # noqa: S105
_NO_SECRETS = ("true", "false", "")


def secrets_of(settings: dict[str, Any]) -> set[str]:
    """The values of the settings that are secrets by their name, or that tell of one in themselves.

    >>> secrets_of({"spark.hadoop.fs.azure.account.key.a": "x1", "spark.driver.memory": "2g"})
    {'x1'}
    """
    told = {str(value) for name, value in settings.items() if re.search(SECRET, f"{name} {value}")}
    return told.difference(_NO_SECRETS)


def hide_secrets(settings: dict[str, Any]) -> dict[str, str]:
    """Have Airflow mask the secrets in the task's log; return the setting with which Spark masks them in its own.

    Airflow and its Spark provider each know fewer names than we do, and the provider logs its whole command line.
    A connection that says itself what Spark is to mask is left alone.
    """
    from airflow.sdk.log import mask_secret

    for secret in secrets_of(settings):
        mask_secret(secret)
    return {} if REDACTION in settings else {REDACTION: SECRET}
