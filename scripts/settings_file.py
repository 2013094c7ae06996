"""Make the settings file of a deployment, `.env`, with fresh secrets, and check it.

    python -m scripts.settings_file ENV=file

One that is there is never changed, only checked. Exits with 1 and a line for each unknown, missing or bad variable, and
where git would take a file that is to be made.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

import psutil
from dotenv import dotenv_values
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from include import settings as of_the_runs
from scripts import arguments
from scripts.environment import PROJECT
from scripts.secret_files import refuse_where_git_takes
from scripts.terminal import console, plain, sentence, short
from spark_jobs.lake.catalog import LakeCatalog
from spark_jobs.lake.errors import LakePlaceError

EXAMPLE = PROJECT / ".env.example"
MEBIBYTES = {"m": 1, "g": 1024}
# What a JVM takes beside its heap; Spark's own least for an executor.
BESIDE_THE_HEAP = 384
# Beside the drivers: Airflow's scheduler, the process of a task, and the checks of Great Expectations.
SCHEDULER_ITSELF = 640
# Beside the executor: the worker's own JVM.
WORKER_ITSELF = 256
# For the operating system and Docker.
MACHINE_ITSELF = 512


class SettingsFileError(RuntimeError):
    """The file cannot be used; the message has a line for each variable that is unknown, missing or bad."""


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
    """All variables of the file but those of the runs (`LASTFM_…`), which include/settings.py has; memory in MiB."""

    model_config = ConfigDict(alias_generator=str.upper, extra="forbid", frozen=True)

    postgres_password: Password
    airflow_fernet_key: Annotated[str, _matching(r"[\w-]{43}=", "32 random bytes as URL-safe base64")]
    airflow_jwt_secret: Secret
    airflow_api_secret: Secret
    airflow_admin_password: Password
    lake_password: Password

    airflow_admin_user: Word
    airflow_port: Port
    airflow_conn_apprise_default: Annotated[str, AfterValidator(_json_object)] | None = None

    pipeline_catalog: Annotated[str, AfterValidator(_catalog)]

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
        return limits + (self.spark_workers - 1) * self.spark_worker_memory_limit


FRESH: dict[str, Callable[[], str]] = {
    "POSTGRES_PASSWORD": lambda: secrets.token_hex(24),
    "AIRFLOW_FERNET_KEY": lambda: urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "AIRFLOW_JWT_SECRET": lambda: secrets.token_hex(32),
    "AIRFLOW_API_SECRET": lambda: secrets.token_hex(32),
    "AIRFLOW_ADMIN_PASSWORD": lambda: secrets.token_hex(12),
    "LAKE_PASSWORD": lambda: secrets.token_hex(24),
}


def main() -> None:
    """Make the file if there is none, check it, and say what does not fit this machine."""
    file = PROJECT / ".env"
    try:
        file = Path(arguments.read("env", paths=("ENV",)).get("ENV", file))
        made = make(file)
        found = read(file)
    except (RuntimeError, OSError) as error:
        console.print(f"[bold red]{plain(short(file))} cannot be used:[/]\n{plain(sentence(error))}")
        sys.exit(1)
    console.print(f"{plain(short(file))} {'is made, with fresh secrets' if made else 'was there, and stays as it is'}.")
    for line in misfits(found, os.cpu_count() or 1, psutil.virtual_memory().total // 2**20):
        console.print(f"[bold yellow]On this machine:[/] {plain(line)}")


def make(file: Path, values: Mapping[str, str] | None = None) -> bool:
    """Write the example with fresh secrets, readable by its owner alone, and return whether that was done.

    Never changes a file that is there. `values` replace the example's.
    """
    given = {**{name: fresh() for name, fresh in FRESH.items()}, **(values or {})}
    text = EXAMPLE.read_text(encoding="utf-8")
    for name, value in given.items():
        line = f"{name}={value}"
        # A value that is commented out is the default.
        before = re.search(rf"^#?{name}=.*$", text, flags=re.MULTILINE)
        if before is None:
            raise SettingsFileError(f"{name}: no such variable in {short(EXAMPLE)}")
        text = text[: before.start()] + line + text[before.end() :]
    if file.exists():
        return False
    refuse_where_git_takes(file)
    try:
        with open(file, "x", opener=lambda path, flags: os.open(path, flags, 0o600), encoding="utf-8") as made:
            made.write(text)
    except FileExistsError:
        return False
    return True


def variables(file: Path) -> dict[str, str]:
    """Return what the file sets, as compose would: empty is as good as absent."""
    if not file.is_file():
        raise SettingsFileError(f"{short(file)} is not there; make it with: make env")
    found = dotenv_values(file, interpolate=False, encoding="utf-8")
    return {name: value for name, value in found.items() if value}


def read(file: Path) -> Deployment:
    """Return the file's settings; raises SettingsFileError that names every bad, missing or unknown variable."""
    given = variables(file)
    of_runs = {name: value for name, value in given.items() if name.startswith(of_the_runs.PREFIX)}
    faults = [
        f"{name}: not set here, but by docker-compose.yaml"
        for name in ("LASTFM_LAKE", "LASTFM_INPUT_ROOT")
        if name in of_runs
    ]
    # Here every name is ours.
    strange = [name for name in of_runs if name not in of_the_runs.known() and not of_the_runs.misspelt(name)]
    faults += [f"{name}: no such setting; include/settings.py has them all" for name in strange]
    with environment_of_runs(of_runs):
        try:
            of_the_runs.settings()
        except of_the_runs.SettingsError as error:
            faults.append(str(error))
    deployment = None
    try:
        deployment = Deployment.model_validate({name: value for name, value in given.items() if name not in of_runs})
    except ValidationError as error:
        faults += [fault(one["type"], str(one["loc"][0]), one["msg"]) for one in error.errors(include_url=False)]
    if deployment:
        faults += contradictions(deployment)
    if faults or deployment is None:
        raise SettingsFileError("\n".join(sorted(faults)))
    return deployment


@contextmanager
def environment_of_runs(variables: Mapping[str, str]) -> Iterator[None]:
    """Make these the only `LASTFM_` variables of this process for a while."""
    before = dict(os.environ)
    for name in [name for name in before if name.startswith(of_the_runs.PREFIX)]:
        del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def fault(kind: str, name: str, message: str) -> str:
    """One line for what pydantic found wrong; without the value, which may be a secret."""
    if kind == "missing":
        return f"{name}: missing; .env.example says what it is"
    if kind == "extra_forbidden":
        near = get_close_matches(name, [field.upper() for field in Deployment.model_fields], n=1, cutoff=0.8)
        return f"{name}: no such variable" + (f"; did you mean {near[0]}?" if near else "; .env.example has them all")
    allowed = message.removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{name}: allowed is {allowed}"


def contradictions(found: Deployment) -> list[str]:
    """Say which settings cannot be true together, one line each."""
    cores = found.spark_workers * found.spark_worker_cores
    scheduler = found.spark_driver_memory + BESIDE_THE_HEAP + SCHEDULER_ITSELF
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
                found.scheduler_memory_limit < scheduler,
                f"SCHEDULER_MEMORY_LIMIT: found {found.scheduler_memory_limit}m, allowed is {scheduler}m or more: "
                "the drivers run there",
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


if __name__ == "__main__":
    main()
