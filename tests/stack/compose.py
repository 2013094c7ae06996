"""Read docker-compose.yaml with the values of a settings file: what each service is started with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cli.environment import PROJECT

FILE = PROJECT / "docker-compose.yaml"
# All that this file uses of compose's own syntax: ${NAME}, ${NAME:?what to do}, and ${NAME:-}, which may be empty.
_VARIABLE = re.compile(r"\$(?:\{(\w+)(:-|:\?[^}]*)?\})?")


class ComposeError(RuntimeError):
    """The file asks for something that is missing, or that this reader does not know."""


@dataclass(frozen=True)
class Service:
    """A service's command and environment, as its container would have them, and how many there are of it."""

    command: list[str]
    environment: dict[str, str]
    replicas: int


def services(variables: Mapping[str, str], file: Path = FILE) -> dict[str, Service]:
    """Return the services by name; raises ComposeError for a variable that is not set."""
    described = yaml.safe_load(file.read_text(encoding="utf-8"))["services"]
    return {name: _service(filled(one, variables), variables) for name, one in described.items()}


def filled(value: Any, variables: Mapping[str, str]) -> Any:
    """Return a value of the file, of any shape, with the variables put in.

    >>> filled({"command": ["--port", "${PORT:?set it}"]}, {"PORT": "8080"})
    {'command': ['--port', '8080']}
    """
    if isinstance(value, dict):
        return {name: filled(one, variables) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, variables) for one in value]
    return _VARIABLE.sub(lambda found: _value(found, variables), value) if isinstance(value, str) else value


def _value(found: re.Match[str], variables: Mapping[str, str]) -> str:
    name = found[1]
    if name is None:
        raise ComposeError(
            f"found {found.string!r}, understood are only ${{NAME}}, ${{NAME:?what to do}} and ${{NAME:-}}"
        )
    if not variables.get(name) and found[2] != ":-":
        raise ComposeError(f"{name}: not set")
    return variables.get(name, "")


def _service(described: Mapping[str, Any], variables: Mapping[str, str]) -> Service:
    # Without a value: handed on if it is set.
    given = {
        name: variables.get(name) if value is None else value
        for name, value in described.get("environment", {}).items()
    }
    return Service(
        command=described.get("command", []),
        environment={name: value for name, value in given.items() if value is not None},
        replicas=int(described.get("deploy", {}).get("replicas", 1)),
    )
