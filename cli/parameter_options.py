"""The options of `run` that are the parameters of a log: one for each of its schemas."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from typer import BadParameter, Option

from cli import inputs
from cli.options import YesNo, home
from include.deployment import parameters

# `run` has an option of its own for it: without it a sample is the input.
INPUT = "input_path"
EVERYTHING = "all"


@dataclass(frozen=True)
class Given:
    """A value that was typed, which may be None; typer takes a bare None for an option that was left out."""

    value: Any


def option_of(parameter: str) -> str:
    """Return the option of a parameter.

    >>> option_of("top_songs"), option_of("profiles_path"), option_of("minimum_quality_score")
    ('--top-songs', '--profiles', '--min-quality-score')
    """
    name = re.sub("^minimum_", "min_", parameter.removesuffix("_path"))
    return f"--{name.replace('_', '-')}"


def with_options(command: Callable[..., None], log: str) -> Callable[..., None]:
    """Return a command that takes, beside its own options, one for each parameter of a log.

    Raises SettingsError where the deployment's settings, which some defaults are, cannot be used.
    """

    def of_log(**given: Any) -> None:
        command(**given)

    own = inspect.signature(command, eval_str=True).parameters.values()
    theirs = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_annotation(log, name, schema))
        for name, schema in parameters.schemas(log).items()
        if name != INPUT
    ]
    shown = [one.replace(kind=one.KEYWORD_ONLY) for one in own if one.kind != one.VAR_KEYWORD]
    of_log.__doc__ = command.__doc__
    of_log.__signature__ = inspect.Signature([*shown, *theirs])  # type: ignore[attr-defined]
    return of_log


def given_values(options: Mapping[str, Given | None]) -> dict[str, Any]:
    """Return the parameters that were typed."""
    return {name: given.value for name, given in options.items() if given is not None}


def _annotation(log: str, name: str, schema: dict[str, Any]) -> Any:
    def read(text: str) -> Given:
        value = _value(text, schema)
        if faults := parameters.faults(log, {name: value}):
            raise BadParameter(faults[0].partition(": ")[2])
        return Given(value)

    option = Option(
        option_of(name),
        parser=read,
        metavar=_metavar(schema),
        help=f"{schema['description']}  [default: {shown(schema)}]",
    )
    return Annotated[Given | None, option]


def shown(schema: Mapping[str, Any]) -> str:
    """Return the default of a parameter as it is typed."""
    default = schema["default"]
    if isinstance(default, bool):
        return YesNo.YES if default else YesNo.NO
    if default is None:
        return "none" if _is_path(schema) else EVERYTHING
    return f"{default:g}" if isinstance(default, float) else str(default)


def _metavar(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return "|".join(schema["enum"])
    if schema["type"] == "boolean":
        return "|".join(YesNo)
    if _is_path(schema):
        return "PATH"
    return f"NUMBER|{EVERYTHING}" if "null" in schema["type"] else "NUMBER"


def _value(text: str, schema: Mapping[str, Any]) -> bool | int | float | str | None:
    """Return what a text stands for; the text itself if that is nothing, for the schema to refuse."""
    if _is_path(schema):
        return inputs.absolute(home(text))
    if schema["type"] == "boolean" and text in tuple(YesNo):
        return text == YesNo.YES
    if "null" in schema["type"] and text == EVERYTHING:
        return None
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        return text
    return int(float(text)) if float(text).is_integer() else float(text)


def _is_path(schema: Mapping[str, Any]) -> bool:
    return "pattern" in schema
