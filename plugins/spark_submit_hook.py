"""The provider's hook, for a Spark Connect server too: it knows masters alone."""

from __future__ import annotations

from typing import Any

from airflow.providers.apache.spark.hooks.spark_submit import SparkSubmitHook

# The Java of spark-submit does no more than start Python.
_CLIENT = {
    "spark.api.mode": "connect",
    "spark.driver.memory": "128m",
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
}


class ConnectSubmitHook(SparkSubmitHook):
    """Submit a job as the client of a server, in the session of a URL: `spark-submit --remote`."""

    def __init__(self, url: str, conf: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(conf={**conf, **_CLIENT}, **kwargs)
        self.url = url

    def _build_spark_common_args(self) -> list[str]:
        arguments = super()._build_spark_common_args()
        # Its first two are `--master` and the connection's host.
        return ["--remote", self.url, *arguments[2:]]
