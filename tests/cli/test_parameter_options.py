"""The options of `run` come from the schemas of a log's parameters."""

from __future__ import annotations

from typing import Any

import pytest
from typer import BadParameter

from cli.parameter_options import given_values, option_of, with_options
from cli.program import command_of
from include.deployment import parameters

SCHEMAS: dict[str, dict[str, Any]] = {
    "input_path": {"default": "log", "type": "string", "pattern": "^.+$", "description": "the log"},
    "minimum_carts": {"default": 5, "type": "integer", "minimum": 1, "maximum": 9, "description": "Carts."},
    "tiers": {"default": False, "type": "boolean", "description": "Tiers."},
    "days": {"default": 7, "type": ["null", "integer"], "minimum": 1, "maximum": 9, "description": "Days."},
    "prices_path": {"default": None, "type": ["null", "string"], "pattern": "^.*$", "description": "Prices."},
}


@pytest.fixture(autouse=True)
def shop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log with other parameters than those of listening."""
    monkeypatch.setattr(parameters, "schemas", {"shop": SCHEMAS}.get)


def read(*args: str) -> dict[str, Any]:
    """Return the parameters that a command gets of its arguments."""
    got: dict[str, Any] = {}

    def command(lake: str = "lake", **given: Any) -> None:
        got.update(lake=lake, **given_values(given))

    command_of(with_options(command, "shop"), "run").main([*args], standalone_mode=False)
    return got


def test_values_that_are_typed_have_their_types() -> None:
    typed = ["--min-carts=3", "--tiers=yes", "--days=all", "--prices=/a b/ü.csv", "--lake=other"]
    expected = {"minimum_carts": 3, "tiers": True, "days": None, "prices_path": "/a b/ü.csv"}
    assert read(*typed) == {"lake": "other", **expected}


def test_parameter_that_is_not_typed_is_left_out() -> None:
    assert read() == {"lake": "lake"}


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--min-carts=0", "found 0, allowed is an integer from 1 to 9"),
        ("--min-carts=1.5", "found 1.5, allowed is an integer from 1 to 9"),
        ("--tiers=maybe", "found 'maybe', allowed is true or false"),
        ("--days=none", "found 'none', allowed is an integer from 1 to 9, or null"),
    ],
)
def test_value_beyond_the_schema_is_refused(option: str, said: str) -> None:
    with pytest.raises(BadParameter, match=said):
        read(option)


@pytest.mark.parametrize(
    ("parameter", "option"),
    [("top_songs", "--top-songs"), ("profiles_path", "--profiles"), ("minimum_quality_score", "--min-quality-score")],
)
def test_option_is_named_after_its_parameter(parameter: str, option: str) -> None:
    assert option_of(parameter) == option
