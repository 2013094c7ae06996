from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from include.deployment.settings import PROJECT, SettingsError, settings, variables
from spark_jobs.limits import Limit
from spark_jobs.logs.contracts import CONTRACTS
from spark_jobs.logs.listening.contract import LISTENING


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PIPELINE_")]:
        monkeypatch.delenv(name)


def test_without_an_environment_everything_lies_in_the_project() -> None:
    found = settings()
    assert (found.lake_root, found.input_root) == (str(PROJECT / "lake"), str(PROJECT / "input"))
    assert found.listening.input_path == "userid-timestamp-artid-artname-traid-traname.tsv"
    assert (found.listening.minimum_quality_score, found.listening.stop_quality_score) == (95, 90)


def test_environment_sets_values_but_empty_variables_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_LAKE", "/srv/lake")
    monkeypatch.setenv("PIPELINE_INPUT_ROOT", "/srv/logs")
    monkeypatch.setenv("PIPELINE_LISTENING_INPUT_PATH", "{run_date}.tsv.gz")
    monkeypatch.setenv("PIPELINE_LISTENING_STOP_QUALITY_SCORE", "12.5")
    monkeypatch.setenv("PIPELINE_DATA_DOCS_RUNS", "")
    found = settings()
    assert (found.lake_root, found.input_root, found.listening.input_path) == (
        "/srv/lake",
        "/srv/logs",
        "{run_date}.tsv.gz",
    )
    assert (found.listening.stop_quality_score, found.data_docs_runs) == (12.5, 30)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("PIPELINE_LAKE", "lake", "the absolute path of a directory that every worker sees, or s3://bucket/prefix"),
        ("PIPELINE_LAKE", "s3a://bucket/lake", "the absolute path of a directory"),
        ("PIPELINE_LAKE", "s3://bucket", "s3://bucket/prefix, without keys in it"),
        (
            "PIPELINE_LAKE",
            "s3://b/l",
            "s3://bucket/prefix, without keys in it; a bucket has 3 to 63 of a-z, 0-9, dot and hyphen",
        ),
        (
            "PIPELINE_LAKE",
            "s3://bucket/lake",
            "one with its catalog in a PostgreSQL, for SQLite cannot lie in an object store: name",
        ),
        ("PIPELINE_INPUT_ROOT", "s3://bucket/logs", "the absolute path of a directory that every worker sees, or s3a:"),
        ("PIPELINE_LISTENING_STOP_QUALITY_SCORE", "101", "less than or equal to 100"),
        ("PIPELINE_LISTENING_STOP_QUALITY_SCORE", "nan", "a finite number"),
        ("PIPELINE_LISTENING_MAXIMUM_NAME_LENGTH", "many", "a valid integer"),
        ("PIPELINE_DATA_DOCS_RUNS", "0", "greater than or equal to 1"),
        ("PIPELINE_LISTENING_WINDOW_DAYS", "0", "greater than or equal to 1"),
        ("PIPELINE_LISTENING_WINDOW_DAYS", "36501", "less than or equal to 36500"),
        ("PIPELINE_LISTENING_USER_ID_PATTERN", "(", "a regular expression"),
        ("PIPELINE_LISTENING_USER_ID_PATTERN", "(?P<user>u)", "a regular expression of Java"),
        ("PIPELINE_LISTENING_USER_ID_PATTERN", "u{2,1}", "a regular expression"),
        (
            "PIPELINE_LISTENING_INPUT_PATH",
            "days/{a,b}.tsv",
            "a path with no control characters and no braces but {run_date}",
        ),
        (
            "PIPELINE_LISTENING_PROFILES_PATH",
            "{who}.tsv",
            "a path with no control characters and no braces but {run_date}",
        ),
        (
            "PIPELINE_LISTENING_STOP_QUALITY_SCORE",
            "95.1",
            "no more than PIPELINE_LISTENING_MINIMUM_QUALITY_SCORE, which is 95",
        ),
        (
            "PIPELINE_LISTENING_MINIMUM_MEAN_SESSION_TRACKS",
            "90",
            "no more than PIPELINE_LISTENING_MAXIMUM_MEAN_SESSION_TRACKS, which is 80",
        ),
    ],
)
def test_bad_setting_is_named_with_allowed_values(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        settings()
    said = str(error.value).replace("'", "")
    assert said.startswith(f"{name}: found {value}, allowed is {allowed}")


@pytest.mark.parametrize(
    "pattern", [r"^\p{L}+\z", r"(?<user>u)(?<=u)\k<user>", r"\Qu.\E", r"user(?i)_\d", r"^\(?P\d+", r"^user_\d{6}$"]
)
def test_user_id_pattern_may_use_javas_syntax(monkeypatch: pytest.MonkeyPatch, pattern: str) -> None:
    monkeypatch.setenv("PIPELINE_LISTENING_USER_ID_PATTERN", pattern)
    assert settings().listening.user_id_pattern == pattern


def test_all_faults_come_at_once_with_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_DATA_DOCS_RUNS", "0")
    monkeypatch.setenv("PIPELINE_LISTENING_STOP_QUALTY_SCORE", "80")
    with pytest.raises(SettingsError) as error:
        settings()
    assert str(error.value) == (
        "PIPELINE_DATA_DOCS_RUNS: found '0', allowed is greater than or equal to 1; "
        "PIPELINE_LISTENING_STOP_QUALTY_SCORE: no such setting; did you mean PIPELINE_LISTENING_STOP_QUALITY_SCORE?"
    )


@pytest.mark.parametrize("name", ["API_KEY", "API_SECRET", "SESSION_KEY", "USERNAME", "PASSWORD_HASH", "WHATEVER"])
def test_variables_of_other_programs_are_left_alone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"PIPELINE_{name}", "0")
    assert settings().listening.window_days is None


def test_bad_setting_fails_run_early_in_one_line() -> None:
    environment = {**os.environ, "PIPELINE_LISTENING_STOP_QUALITY_SCORE": "high"}
    command = [sys.executable, "-m", "cli", "run"]
    run = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert (
        "The run failed: PIPELINE_LISTENING_STOP_QUALITY_SCORE: found 'high', allowed is a valid number" in run.stdout
    )
    assert "Traceback" not in run.stdout + run.stderr


def test_every_setting_is_described() -> None:
    assert [name for name, field in variables().items() if not field.description] == []


def test_log_has_only_its_own_limits() -> None:
    found = settings()
    assert found.listening.maximum_name_length == 1000
    assert found.shop.minimum_quality_score == 95
    assert "maximum_name_length" not in type(found.shop).model_fields
    assert "PIPELINE_SHOP_STOP_QUALITY_SCORE" in variables()


def test_each_log_has_its_own_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_SHOP_STOP_QUALITY_SCORE", "12.5")
    found = settings()
    assert (found.shop.stop_quality_score, found.listening.stop_quality_score) == (12.5, 90)


def test_new_log_has_settings_by_its_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = replace(LISTENING, name="toy", limits=(Limit("maximum_pause_days", 3, "amount", "days; more degrade"),))
    monkeypatch.setitem(CONTRACTS, "toy", toy)
    monkeypatch.setenv("PIPELINE_TOY_MAXIMUM_PAUSE_DAYS", "0")
    with pytest.raises(SettingsError, match="PIPELINE_TOY_MAXIMUM_PAUSE_DAYS: found '0', allowed is greater than 0"):
        settings()
    monkeypatch.setenv("PIPELINE_TOY_MAXIMUM_PAUSE_DAYS", "4")
    assert settings().of_log("toy").maximum_pause_days == 4


def test_keys_in_an_input_root_are_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_INPUT_ROOT", "s3a://key:se/cret@bucket/logs")
    with pytest.raises(SettingsError) as failed:
        settings()
    assert str(failed.value) == (
        "PIPELINE_INPUT_ROOT: found 's3a://...@bucket/logs', allowed is s3a://bucket/prefix, without keys in it"
    )
