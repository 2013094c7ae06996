"""A run's parameters: their meaning, default and bounds, for the form in the UI and for the command line."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

from include.settings import settings

SCHEMAS: dict[str, dict[str, Any]] = {
    "input_path": {
        "default": settings().input_path,
        "description": "The listening log: a file, a directory or a glob below the input root. "
        "{run_date} in it is replaced; no other braces, no control characters.",
        "type": "string",
        "minLength": 1,
        # A control character or a Spark glob of alternatives has no business in a file name.
        "pattern": r"^([^{}\x00-\x1f]|\{run_date\})+$",
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
    "minimum_quality_score": {
        "default": 95,
        "description": "The share of lines that must be good listens, or the run stops: percent, 0 to 100.",
        "type": "number",
        "minimum": 0,
        "maximum": 100,
    },
}


def faults(parameters: dict[str, Any]) -> list[str]:
    """Say what is wrong with some parameters, one sentence each: what was found, what is allowed.

    >>> faults({"top_songs": 0})
    ['top_songs: found 0, allowed is an integer from 1 to 1000']
    """
    return [
        f"{name}: found {value!r}, allowed is {_allowed(name)}"
        for name, value in parameters.items()
        if name not in SCHEMAS or not Draft202012Validator(SCHEMAS[name]).is_valid(value)
    ]


def _allowed(name: str) -> str:
    schema = SCHEMAS.get(name)
    if schema is None:
        return f"none but {', '.join(SCHEMAS)}"
    if schema["type"] == "string":
        return "a path of at least one character, with no control characters and no braces but {run_date}"
    article = "an" if schema["type"][0] in "aeiou" else "a"
    return f"{article} {schema['type']} from {schema['minimum']} to {schema['maximum']}"
