from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from include.deployment.parameters import faults, schemas
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.ranking.rankings import TOP_SESSIONS, TOP_SONGS
from spark_jobs.ranking.start_window import MAXIMUM_DAYS


def test_the_defaults_are_allowed() -> None:
    assert faults("listening", {name: schema["default"] for name, schema in schemas("listening").items()}) == []


def test_job_and_form_have_the_same_defaults() -> None:
    defaults = {name: schema["default"] for name, schema in schemas("listening").items()}
    assert timedelta(minutes=defaults["session_gap_minutes"]) == LISTENING.sessions.gap
    assert (defaults["top_sessions"], defaults["top_songs"]) == (TOP_SESSIONS, TOP_SONGS)
    assert defaults["window_days"] is None
    assert schemas("listening")["window_days"]["maximum"] == MAXIMUM_DAYS


def test_the_form_shows_the_bounds() -> None:
    # Airflow's form hides the bounds, and silently moves a number outside them to the nearest bound.
    bounded = {name: schema for name, schema in schemas("listening").items() if "minimum" in schema}
    assert len(bounded) == 5
    for name, schema in bounded.items():
        assert f"{schema['minimum']} to {schema['maximum']}." in schema["description"], name


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("top_songs", 0, "top_songs: found 0, allowed is an integer from 1 to 1000"),
        ("top_sessions", "ten", "top_sessions: found 'ten', allowed is an integer from 1 to 10000"),
        ("session_gap_minutes", 1.5, "session_gap_minutes: found 1.5, allowed is an integer from 1 to 1440"),
        ("window_days", 0, "window_days: found 0, allowed is an integer from 1 to 36500, or null"),
        ("window_days", 36_501, "window_days: found 36501, allowed is an integer from 1 to 36500, or null"),
        ("window_days", "all", "window_days: found 'all', allowed is an integer from 1 to 36500, or null"),
        ("minimum_quality_score", 101, "minimum_quality_score: found 101, allowed is a number from 0 to 100"),
        (
            "input_path",
            "a{b,c}.tsv",
            "input_path: found 'a{b,c}.tsv', allowed is a path of at least one character, with no control characters "
            "and no braces but {run_date}",
        ),
        (
            "gap",
            3,
            "gap: found 3, allowed is none but input_path, load, session_gap_minutes, minimum_quality_score, "
            "top_sessions, top_songs, window_days, alternatives, profiles_path",
        ),
        ("load", "weekly", "load: found 'weekly', allowed is full or daily"),
        ("alternatives", "maybe", "alternatives: found 'maybe', allowed is true or false"),
        (
            "profiles_path",
            "a\x00.tsv",
            "profiles_path: found 'a\\x00.tsv', allowed is a path with no control characters and no braces but "
            "{run_date}",
        ),
    ],
)
def test_bad_parameter_says_found_and_allowed_values(name: str, value: Any, message: str) -> None:
    assert faults("listening", {"top_songs": 3, name: value}) == [message]


def test_every_log_has_the_common_parameters() -> None:
    common = ["input_path", "load", "session_gap_minutes", "minimum_quality_score"]
    assert list(schemas("shop")) == common
    assert list(schemas("listening"))[:4] == common
    assert schemas("shop")["session_gap_minutes"]["default"] == 30


def test_the_run_date_may_stand_in_a_path() -> None:
    assert faults("listening", {"input_path": "logs/{run_date}/*.tsv.gz", "profiles_path": "{run_date}.tsv"}) == []


@pytest.mark.parametrize("none", [None, ""])
def test_run_may_switch_off_the_deployments_profiles(monkeypatch: pytest.MonkeyPatch, none: str | None) -> None:
    monkeypatch.setenv("PIPELINE_LISTENING_PROFILES_PATH", "profiles.tsv")
    assert schemas("listening")["profiles_path"]["default"] == "profiles.tsv"
    assert faults("listening", {"profiles_path": none}) == []


def test_deployment_sets_the_default_window_days(monkeypatch: pytest.MonkeyPatch) -> None:
    assert schemas("listening")["window_days"]["default"] is None
    monkeypatch.setenv("PIPELINE_LISTENING_WINDOW_DAYS", "7")
    assert schemas("listening")["window_days"]["default"] == 7


@pytest.mark.parametrize("days", [None, 1, 7, 36_500])
def test_run_may_rank_some_days_or_all(days: int | None) -> None:
    assert faults("listening", {"window_days": days}) == []


@pytest.mark.parametrize("name", list(schemas("listening")))
@pytest.mark.parametrize(
    "value", ["a\n", "a\n--conf", "a\r", "a\tb", "\x00", "\x7f", "{{ conn.spark_default }}", "{% raw %}", "{a,b}"]
)
def test_parameters_refuse_control_characters_and_templates(name: str, value: str) -> None:
    assert len(faults("listening", {name: value})) == 1


@pytest.mark.parametrize(
    "name", [name for name, schema in schemas("listening").items() if "string" not in schema["type"]]
)
@pytest.mark.parametrize(
    "value", ["--conf spark.a=b", "$(touch f)", "`touch f`", "1; touch f", "1 --conf", "1\n", [1], {}]
)
def test_parameters_other_than_paths_refuse_text(name: str, value: Any) -> None:
    assert len(faults("listening", {name: value})) == 1
