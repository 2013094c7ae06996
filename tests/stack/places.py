"""Where the stack as processes has on this machine what containers have by fixed names and paths."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from cli.environment import PROJECT, log_places
from cli.services import HOST
from cli.stack_settings import Deployment
from tests.stack.spark_cluster import Cluster, clean_environment, free_port


@dataclass(frozen=True)
class Places:
    """Where this machine has what containers have by fixed names."""

    home: Path
    input_root: Path
    settings: Deployment
    database_port: int = field(default_factory=free_port)
    master_port: int = field(default_factory=free_port)
    connect_port: int = field(default_factory=free_port)
    connect_ui_port: int = field(default_factory=free_port)
    machine: dict[str, str] = field(default_factory=clean_environment)

    @property
    def cluster(self) -> Cluster:
        """The Spark master."""
        return Cluster(self.master_port, self.settings.spark_master_ui_port)

    def here(self, text: str) -> str:
        """Return a value of the Compose file with the names of containers and their paths replaced."""
        for there, here in {
            "@postgres/": f"@{HOST}:{self.database_port}/",
            "@postgres:5432/": f"@{HOST}:{self.database_port}/",
            "http://api-server:8080/": f"http://{HOST}:{self.settings.airflow_port}/",
            "spark://spark-master:7077": self.cluster.url,
            '"port": 15002': f'"port": {self.connect_port}',
            ":15003": f":{self.connect_ui_port}",
            "spark.driver.host=driver-host": f"spark.driver.host={HOST}",
            "spark.driver.bindAddress=0.0.0.0": f"spark.driver.bindAddress={HOST}",
            # As a URI.
            "file:/opt/airflow/": f"{self.home.as_uri()}/",
            # In options of Spark's, which it splits as a shell does.
            "'/opt/airflow/lake/spark_events'": shlex.quote(f"{self.home}/lake/spark_events"),
            "'/tmp/spark-master'": shlex.quote(f"{self.home}/spark-master"),
            "/opt/airflow/": f"{self.home}/",
        }.items():
            text = text.replace(there, here)
        return text

    def options(self, service: str) -> list[str]:
        """Return what is added to a service's command; of two values for an option, the last one holds."""
        return {
            "api-server": ["--host", HOST, "--port", str(self.settings.airflow_port)],
            # They would serve logs on every interface; here, the API server reads them from the disk.
            "scheduler": ["--skip-serve-logs"],
            "triggerer": ["--skip-serve-logs"],
            "spark-master": [
                *("--host", HOST, "--port", str(self.master_port)),
                *("--webui-port", str(self.settings.spark_master_ui_port)),
            ],
            "spark-worker": ["--host", HOST, "--webui-port", "0"],
            "spark-connect": ["--port", str(self.connect_port), "--ui-port", str(self.connect_ui_port)],
        }.get(service, [])

    def environment(self, service: str) -> dict[str, str]:
        """Return what the image, here this repository, gives to a service's environment beside the Compose file."""
        # By the first one, every process of this stack can be found.
        common = {**self.machine, "STACK": str(self.home)}
        if service == "spark-connect":
            return {**common, "PYTHONPATH": str(PROJECT)}
        if service.startswith("spark-"):
            return common
        return {
            **common,
            "PYTHONPATH": str(PROJECT),
            "AIRFLOW_HOME": str(self.home),
            **log_places(str(self.home)),
            "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__API__BASE_URL": f"http://{HOST}:{self.settings.airflow_port}",
            "GX_ANALYTICS_ENABLED": "false",
            "PIPELINE_LAKE": str(self.home / "lake"),
            "PIPELINE_INPUT_ROOT": str(self.input_root),
        }
