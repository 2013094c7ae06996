"""A run's parameters: their meaning, default and bounds, for the form in the UI and for the command line.

Those of every log are here, those of one log in its contract.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from jsonschema import Draft202012Validator

from include.deployment.log_settings import LogSettings
from include.deployment.setting_types import OF_PATHS, PATH_CHARACTER
from include.deployment.settings import settings
from spark_jobs.contract import LogContract
from spark_jobs.limits import Parameter
from spark_jobs.shared import loads
from spark_jobs.shared.logs import contract_of

# Python takes a `$` for the end before a last line feed, too.
_END = r"(?!\n)$"


def schemas(log: str) -> dict[str, dict[str, Any]]:
    """Return a JSON schema for each parameter of a log's runs, its default included.

    Raises SettingsError when the deployment's settings, which some defaults are, cannot be used.
    """
    contract, of_log = contract_of(log), settings().of_log(log)
    own = {one.name: _schema(one, getattr(of_log, one.name, one.default)) for one in contract.parameters}
    return _of_every_log(contract, of_log) | own


def _of_every_log(contract: LogContract, of_log: LogSettings) -> dict[str, dict[str, Any]]:
    events = contract.events.name
    return {
        "input_path": {
            "default": of_log.input_path,
            "description": f"The log {contract.name}: a file, a directory or a glob below the input root. "
            "{run_date} in it stands for the run date; no other braces, no control characters.",
            "type": "string",
            "minLength": 1,
            "pattern": f"^{PATH_CHARACTER}+{_END}",
        },
        "load": {
            "default": of_log.load,
            "description": "full: the input is the whole log. daily: it is what has arrived for the run date, and is "
            "added to the latest run date before it that is published.",
            "type": "string",
            "enum": list(loads.LOADS),
        },
        "session_gap_minutes": {
            "default": contract.sessions.gap // timedelta(minutes=1),
            "description": f"A longer pause than this between two {events} opens a new session: minutes, 1 to 1440.",
            "type": "integer",
            "minimum": 1,
            "maximum": 1440,
        },
        "minimum_quality_score": {
            "default": of_log.minimum_quality_score,
            "description": f"The share of records that must be good {events}, or the answer is marked as degraded; "
            f"below {of_log.stop_quality_score:g} the run stops whatever stands here: percent, 0 to 100.",
            "type": "number",
            "minimum": 0,
            "maximum": 100,
        },
    }


def _schema(parameter: Parameter, default: Any) -> dict[str, Any]:
    """Return the schema of a parameter of the log's own."""
    sentence, optional = parameter.sentence, ["null"] if parameter.default is None else []
    if parameter.kind == "yes or no":
        return {"default": default, "description": sentence, "type": "boolean"}
    if parameter.kind == "path":
        allowed = f"{sentence} {{run_date}} in it is replaced; no other braces, no control characters."
        path = {"type": [*optional, "string"], "pattern": f"^{PATH_CHARACTER}*{_END}"}
        return {"default": default, "description": allowed, **path}
    return {
        "default": default,
        "description": f"{sentence}: {parameter.lowest} to {parameter.highest}.",
        "type": [*optional, "integer"] if optional else "integer",
        "minimum": parameter.lowest,
        "maximum": parameter.highest,
    }


def faults(log: str, parameters: dict[str, Any]) -> list[str]:
    """Say what is wrong with some parameters of a log's run, one sentence each: what was found, what is allowed.

    >>> faults("listening", {"top_songs": 0})
    ['top_songs: found 0, allowed is an integer from 1 to 1000']
    """
    allowed = schemas(log)
    return [
        f"{name}: found {value!r}, allowed is {_allowed(name, allowed)}"
        for name, value in parameters.items()
        if name not in allowed or not Draft202012Validator(allowed[name]).is_valid(value)
    ]


def _allowed(name: str, schemas: dict[str, dict[str, Any]]) -> str:
    schema = schemas.get(name)
    if schema is None:
        return f"none but {', '.join(schemas)}"
    if "enum" in schema:
        return " or ".join(schema["enum"])
    if "pattern" in schema:
        length = "of at least one character, " if "minLength" in schema else ""
        return f"a path {length}{OF_PATHS}"
    if schema["type"] == "boolean":
        return "true or false"
    *optional, kind = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    article = "an" if kind[0] in "aeiou" else "a"
    return f"{article} {kind} from {schema['minimum']} to {schema['maximum']}{', or null' if optional else ''}"
