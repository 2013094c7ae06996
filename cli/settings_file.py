"""The settings file of a deployment, `.env`: made with fresh secrets, read and checked."""

from __future__ import annotations

import os
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values
from pydantic import ValidationError

from cli.environment import PROJECT
from cli.secret_files import refuse_where_git_takes
from cli.stack_settings import Deployment, contradictions
from cli.terminal import short
from include.deployment import settings as of_the_runs

EXAMPLE = PROJECT / ".env.example"


class SettingsFileError(RuntimeError):
    """The file cannot be used; the message has a line for each variable that is unknown, missing or bad."""


FRESH: dict[str, Callable[[], str]] = {
    "POSTGRES_PASSWORD": lambda: secrets.token_hex(24),
    "AIRFLOW_FERNET_KEY": lambda: urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "AIRFLOW_JWT_SECRET": lambda: secrets.token_hex(32),
    "AIRFLOW_API_SECRET": lambda: secrets.token_hex(32),
    "AIRFLOW_ADMIN_PASSWORD": lambda: secrets.token_hex(12),
    "LAKE_PASSWORD": lambda: secrets.token_hex(24),
    "SPARK_CONNECT_TOKEN": lambda: secrets.token_urlsafe(32),
}


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
    of_runs = {
        name: value
        for name, value in given.items()
        if name.startswith(of_the_runs.PREFIX) and name.lower() not in Deployment.model_fields
    }
    faults = [
        f"{name}: not set here, but by docker-compose.yaml"
        for name in ("PIPELINE_LAKE", "PIPELINE_INPUT_ROOT")
        if name in of_runs
    ]
    # Here every name is ours.
    strange = [name for name in of_runs if name not in of_the_runs.known() and not of_the_runs.misspelt(name)]
    faults += [f"{name}: no such setting; include/deployment/settings.py has them all" for name in strange]
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
    """Make these the only `PIPELINE_` variables of this process for a while."""
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
