"""A run's parameters: their meaning, default and bounds, for the form in the UI and for the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jsonschema import Draft202012Validator

from include.deployment.setting_types import OF_PATHS, PATH_CHARACTER
from include.deployment.settings import settings
from spark_jobs.shared import loads

# Python takes a `$` for the end before a last line feed, too.
_END = r"(?!\n)$"


def schemas(log: str) -> dict[str, dict[str, Any]]:
    """Return a JSON schema for each parameter of a log's runs, its default included.

    Raises SettingsError when the deployment's settings, which some defaults are, cannot be used.
    """
    return _OF_LOGS[log]()


def _listening() -> dict[str, dict[str, Any]]:
    limits = settings().listening
    return {
        "input_path": {
            "default": limits.input_path,
            "description": "The listening log: a file, a directory or a glob below the input root. "
            "{run_date} in it stands for the run date; no other braces, no control characters.",
            "type": "string",
            "minLength": 1,
            "pattern": f"^{PATH_CHARACTER}+{_END}",
        },
        "load": {
            "default": limits.load,
            "description": "full: the input is the whole log. daily: it is what has arrived for the run date, and is "
            "added to the latest run date before it that is published.",
            "type": "string",
            "enum": list(loads.LOADS),
        },
        "session_gap_minutes": {
            "default": 20,
            "description": "A longer pause than this between two listens opens a new session: minutes, 1 to 1440.",
            "type": "integer",
            "minimum": 1,
            "maximum": 1440,
        },
        "top_sessions": {
            "default": 50,
            "description": "How many of the longest sessions to look at: 1 to 10000.",
            "type": "integer",
            "minimum": 1,
            "maximum": 10_000,
        },
        "top_songs": {
            "default": 10,
            "description": "How many songs to name: 1 to 1000.",
            "type": "integer",
            "minimum": 1,
            "maximum": 1_000,
        },
        "window_days": {
            "default": limits.window_days,
            "description": "Rank only sessions that started in the last so many days up to the run date's end, "
            "the run date among them; empty for all sessions: days, 1 to 36500.",
            "type": ["null", "integer"],
            "minimum": 1,
            "maximum": 36_500,
        },
        "minimum_quality_score": {
            "default": limits.minimum_quality_score,
            "description": "The share of lines that must be good listens, or the answer is marked as degraded; "
            f"below {limits.stop_quality_score:g} the run stops whatever stands here: percent, 0 to 100.",
            "type": "number",
            "minimum": 0,
            "maximum": 100,
        },
        "alternatives": {
            "default": True,
            "description": "Also rank under other definitions of a session and a song: yes or no.",
            "type": "boolean",
        },
        "profiles_path": {
            "default": limits.profiles_path,
            "description": "The users' profiles, to tell who listens: a file below the input root, or empty for none. "
            "{run_date} in it is replaced; no other braces, no control characters.",
            "type": ["null", "string"],
            "pattern": f"^{PATH_CHARACTER}*{_END}",
        },
    }


# A log with a DAG has a line here.
_OF_LOGS: dict[str, Callable[[], dict[str, dict[str, Any]]]] = {"listening": _listening}


def faults(log: str, parameters: dict[str, Any]) -> list[str]:
    """Say what is wrong with some parameters, one sentence each: what was found, what is allowed.

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
