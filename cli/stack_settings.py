"""The settings of a deployment, as its settings file has them: what each may be, and what cannot be true together."""

from __future__ import annotations

import json
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from spark_jobs.lake.catalog import LakeCatalog
from spark_jobs.lake.errors import LakePlaceError

MEBIBYTES = {"m": 1, "g": 1024}
# What a JVM takes beside its heap; Spark's own least for an executor.
BESIDE_THE_HEAP = 384
# Airflow's scheduler, the process of a task, and the checks of Great Expectations; and what submits a job.
SCHEDULER_ITSELF = 640 + 256
# Beside the driver: the Python that starts it again.
CONNECT_ITSELF = 64
# The network's holder, whose limit the Compose file has.
DRIVER_HOST = 16
# Beside the executor: the worker's own JVM.
WORKER_ITSELF = 256
# For the operating system and Docker.
MACHINE_ITSELF = 512


def _whole_number(text: str) -> str:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError("a whole number")
    return text


def _mebibytes(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d*[mg]", text):
        raise ValueError("a whole number followed by m or g, as in 512m")
    return int(text[:-1]) * MEBIBYTES[text[-1]]


def _cpus(text: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)?", text) or float(text) <= 0:
        raise ValueError("a number of CPUs above 0, as in 0.5 or 2")
    return text


def _json_object(text: str) -> str:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ValueError("a JSON object, on one line")
    return text


def _catalog(text: str) -> str:
    try:
        LakeCatalog("/lake", text)
    except LakePlaceError:
        raise ValueError("postgresql://user@host:5432/database, without a password") from None
    return text


def _matching(pattern: str, allowed: str) -> AfterValidator:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            # The value is a secret, so the message says only what is allowed.
            raise ValueError(allowed)
        return text

    return AfterValidator(check)


# It stands in a URL, in JSON and in a file in which compose replaces what follows a $.
Password = Annotated[str, _matching(r"[A-Za-z0-9._-]{12,}", "12 or more letters, digits, dots, - or _")]
Secret = Annotated[str, _matching(r"\S{32,}", "32 or more characters without a space")]
Count = Annotated[int, BeforeValidator(_whole_number), Field(ge=1)]
Port = Annotated[int, BeforeValidator(_whole_number), Field(ge=1, le=65535)]
Memory = Annotated[int, BeforeValidator(_mebibytes)]
Cpus = Annotated[float, BeforeValidator(_cpus)]
Word = Annotated[str, _matching(r"[A-Za-z0-9_][A-Za-z0-9._-]*", "letters, digits, dots, - and _")]


class Deployment(BaseModel):
    """All variables of the file but those `PIPELINE_…` that include/deployment/settings.py reads; memory in MiB."""

    model_config = ConfigDict(alias_generator=str.upper, extra="forbid", frozen=True)

    postgres_password: Password
    airflow_fernet_key: Annotated[str, _matching(r"[\w-]{43}=", "32 random bytes as URL-safe base64")]
    airflow_jwt_secret: Secret
    airflow_api_secret: Secret
    airflow_admin_password: Password
    lake_password: Password
    spark_connect_token: Annotated[str, _matching(r"[A-Za-z0-9_-]{43,}", "43 or more letters, digits, - or _")]

    airflow_admin_user: Word
    airflow_port: Port
    airflow_conn_apprise_default: Annotated[str, AfterValidator(_json_object)] | None = None

    pipeline_catalog: Annotated[str, AfterValidator(_catalog)]
    pipeline_masking_key: Secret | None = None
    pipeline_masking_key_id: Word | None = None

    spark_driver_memory: Memory
    spark_executor_memory: Memory
    spark_worker_cores: Count
    spark_workers: Count
    spark_total_cores: Count
    spark_java_options: str
    spark_master_ui_port: Port
    spark_history_port: Port

    no_proxy: str | None = None

    compose_profiles: Literal["watch"] | None = None
    airflow__metrics__statsd_on: Literal["True", "False"] | None = None
    grafana_port: Port
    prometheus_port: Port

    postgres_memory_limit: Memory
    api_server_memory_limit: Memory
    dag_processor_memory_limit: Memory
    triggerer_memory_limit: Memory
    scheduler_memory_limit: Memory
    spark_connect_memory_limit: Memory
    spark_master_memory_limit: Memory
    spark_worker_memory_limit: Memory
    spark_history_memory_limit: Memory
    scheduler_cpus: Cpus
    service_cpus: Cpus

    image_tag: Word
    compose_project_name: Annotated[str, _matching(r"[a-z0-9][a-z0-9_-]*", "lower-case letters, digits, - and _")]

    @property
    def memory_limits(self) -> int:
        """What all containers together may take, in MiB."""
        limits = sum(value for name, value in self if name.endswith("_memory_limit"))
        return DRIVER_HOST + limits + (self.spark_workers - 1) * self.spark_worker_memory_limit


def contradictions(found: Deployment) -> list[str]:
    """Say which settings cannot be true together, one line each."""
    cores = found.spark_workers * found.spark_worker_cores
    connect = found.spark_driver_memory + BESIDE_THE_HEAP + CONNECT_ITSELF
    worker = found.spark_executor_memory + BESIDE_THE_HEAP + WORKER_ITSELF
    ports = {name.upper(): value for name, value in found if name.endswith("_port")}
    return [
        text
        for wrong, text in (
            (
                found.spark_total_cores != cores,
                f"SPARK_TOTAL_CORES: found {found.spark_total_cores}, allowed is SPARK_WORKERS times "
                f"SPARK_WORKER_CORES, which is {cores}",
            ),
            (
                found.scheduler_memory_limit < SCHEDULER_ITSELF,
                f"SCHEDULER_MEMORY_LIMIT: found {found.scheduler_memory_limit}m, allowed is {SCHEDULER_ITSELF}m or "
                "more: the tasks run there",
            ),
            (
                found.spark_connect_memory_limit < connect,
                f"SPARK_CONNECT_MEMORY_LIMIT: found {found.spark_connect_memory_limit}m, allowed is {connect}m or "
                "more: the driver of all jobs runs there",
            ),
            (
                found.spark_worker_memory_limit < worker,
                f"SPARK_WORKER_MEMORY_LIMIT: found {found.spark_worker_memory_limit}m, allowed is {worker}m or more: "
                "the executors run there",
            ),
            (
                len(set(ports.values())) < len(ports),
                f"{', '.join(ports)}: allowed are {len(ports)} different ports",
            ),
        )
        if wrong
    ]


def misfits(found: Deployment, cpus: int, memory: int) -> list[str]:
    """Say what a machine of so many CPUs and MiB cannot give to the containers, one line each."""
    most = max(found.scheduler_cpus, found.service_cpus, found.spark_worker_cores)
    limits = found.memory_limits
    return [
        text
        for wrong, text in (
            (most > cpus, f"it has {cpus} CPUs, a container may take {most:g}; Docker refuses that"),
            (
                limits + MACHINE_ITSELF > memory,
                f"it has {memory} MiB, all containers together may take {limits} MiB; lower a _MEMORY_LIMIT",
            ),
        )
        if wrong
    ]
