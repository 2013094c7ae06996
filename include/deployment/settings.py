"""What the deployment decides, from the environment; a run's parameters cannot change it.

Each field is one environment variable: `PIPELINE_` and the field's name in capitals, for what belongs to one log
`PIPELINE_<LOG>_`. `.env.example` lists them too.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from include.deployment.setting_types import InputRoot, LakeRoot, LogPath, Pattern, Percent, Positive
from spark_jobs.lake.catalog import SETTING
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.object_store import without_keys

PROJECT = Path(__file__).resolve().parents[2]
PREFIX = "PIPELINE_"
# Read elsewhere: by the commands of `cli/`, where jars are fetched, and where the catalog is opened.
OF_OTHERS = {"PIPELINE_AIRFLOW_HOME", "PIPELINE_MAVEN_URL", SETTING}


class SettingsError(ValueError):
    """A setting is not usable; the message names its variable, what was found and what is allowed."""


class Listening(BaseModel):
    """What belongs to the log of listens: its input, and from where on it is not good (warning) or the run stops."""

    model_config = ConfigDict(frozen=True)

    # --- What a run reads and ranks
    input_path: LogPath = Field(
        "userid-timestamp-artid-artname-traid-traname.tsv",
        description="what a run reads if its parameter does not say; the name the log is published under",
    )
    profiles_path: LogPath | None = Field(
        None, description="profiles of the users that a run reads if its parameter does not say; without it: none"
    )
    window_days: Annotated[int, Field(ge=1, le=36_500)] | None = Field(
        None,
        description="a run ranks only sessions that started in so many days up to its date's end, if its parameter "
        "does not say otherwise; without it: all",
    )

    # --- How the log comes
    load: Literal["full", "daily"] = Field(
        "full", description="full: a run reads the whole log; daily: what has arrived for its run date"
    )

    # --- Quality score: listens kept / lines read * 100
    minimum_quality_score: Percent = Field(
        95, description="percent; a run below it is degraded, if its own parameter does not say otherwise"
    )
    stop_quality_score: Percent = Field(90, description="percent; a run below it stops, whatever its parameter says")

    # --- Listens. The full LastFM-1K log lacks 3.14 % of the artist ids and 11.32 % of the track ids; its single users
    # differ, so the limits are three times that.
    maximum_missing_artist_id_percent: Percent = Field(
        10, description="percent; more listens without a MusicBrainz artist id degrade"
    )
    maximum_missing_track_id_percent: Percent = Field(
        35, description="percent; more listens without a MusicBrainz track id degrade"
    )
    maximum_name_length: Positive = Field(1000, description="characters; a longer artist name or track name degrades")
    user_id_pattern: Pattern = Field(
        r"^user_\d{6}$", description="a regular expression (of Java); a user id of another form degrades"
    )

    # --- Volume and freshness, against the run date before
    minimum_listens_percent_of_previous: float = Field(
        50, ge=0, description="percent of the listens of the run date before; fewer degrade"
    )
    maximum_users_gone_percent: Percent = Field(
        5, description="percent of the users of the run date before; more that have no session now degrade"
    )
    maximum_newest_listen_age_days: float = Field(
        2, gt=0, description="days from the newest listen to the end of the run date; more degrade"
    )

    # --- Sessions. The full log: 18.38 tracks and 34.98 minutes (median).
    minimum_mean_session_tracks: float = Field(4, ge=1, description="tracks a session has on average; fewer degrade")
    maximum_mean_session_tracks: float = Field(80, ge=1, description="tracks a session has on average; more degrade")
    maximum_median_session_minutes: float = Field(
        240, gt=0, description="minutes a session lasts, the median; more degrade"
    )
    maximum_p99_session_tracks_per_minute: float = Field(
        3, gt=0, description="tracks a minute that 99 % of the sessions keep to; more degrade"
    )
    maximum_implausible_sessions_percent: Percent = Field(
        0.5, description="percent of all sessions; more implausible ones degrade"
    )

    @model_validator(mode="after")
    def _limits_in_order(self) -> Listening:
        for low, high in (
            ("stop_quality_score", "minimum_quality_score"),
            ("minimum_mean_session_tracks", "maximum_mean_session_tracks"),
        ):
            if getattr(self, low) > getattr(self, high):
                raise ValueError(
                    f"{_variable('listening', low)}: found {getattr(self, low):g}, allowed is no more than "
                    f"{_variable('listening', high)}, which is {getattr(self, high):g}"
                )
        return self


class Settings(BaseSettings):
    """Where things lie and how long they stay, for all logs; and, by its name, what belongs to a log."""

    # PIPELINE_LISTENING_LOAD is the field `load` of `listening`.
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="_", env_nested_max_split=1, frozen=True, env_ignore_empty=True
    )

    # --- Where things lie
    lake_root: LakeRoot = Field(str(PROJECT / "lake"), validation_alias="PIPELINE_LAKE", description="root of the lake")
    input_root: InputRoot = Field(str(PROJECT / "input"), description="runs may read logs below it and nowhere else")

    # --- Upkeep
    kept_run_dates: Positive = Field(31, description="published run dates that maintenance keeps, the newest")
    kept_branch_days: Positive = Field(
        7, description="days for which maintenance keeps what a run wrote that was never published"
    )
    kept_snapshot_days: Positive = Field(
        1, description="days for which maintenance keeps what a run date had before it was published again"
    )
    data_docs_runs: Positive = Field(30, description="results of each suite that the Data Docs keep")
    run_deadline_minutes: Positive = Field(
        180, description="minutes; a run that takes longer is late, and an alert says so"
    )

    # --- The logs
    listening: Listening = Field(Listening(), description="the log of listens")

    def lake(self, log: str) -> Lake:
        """Return what the lake at `lake_root` has of a log."""
        return Lake(self.lake_root, log)

    @property
    def kept(self) -> dict[str, int]:
        """What maintenance keeps: the newest run dates, and days."""
        return {
            "dates": self.kept_run_dates,
            "branch_days": self.kept_branch_days,
            "snapshot_days": self.kept_snapshot_days,
        }


def settings() -> Settings:
    """Read the settings from the environment; raises SettingsError that names every bad or misspelt variable.

    Other programs have variables that begin as ours do: what is no near miss of ours is left alone.
    """
    faults = [said for name in os.environ if (said := misspelt(name))]
    try:
        found = Settings()
    except ValidationError as error:
        faults += [_fault(dict(one)) for one in error.errors(include_url=False)]
    if faults:
        raise SettingsError("; ".join(sorted(faults)))
    return found


def variables() -> dict[str, FieldInfo]:
    """Return every setting by the name of its variable."""
    of_all = {_variable(name): field for name, field in Settings.model_fields.items() if name != "listening"}
    return of_all | {_variable("listening", name): field for name, field in Listening.model_fields.items()}


def known() -> set[str]:
    """Return the names of all our variables."""
    return variables().keys() | OF_OTHERS


def misspelt(name: str) -> str:
    """Say which of our variables a near miss stands for; empty for one of ours, and for one of another program.

    >>> misspelt("PIPELINE_LAEK"), misspelt("PIPELINE_API_KEY")
    ('PIPELINE_LAEK: no such setting; did you mean PIPELINE_LAKE?', '')
    """
    if not name.startswith(PREFIX) or name in known():
        return ""
    # Of what follows the prefix: with it, any two names are near.
    ours = [one.removeprefix(PREFIX) for one in known()]
    near = difflib.get_close_matches(name.removeprefix(PREFIX), ours, n=1, cutoff=0.75)
    return f"{name}: no such setting; did you mean {PREFIX}{near[0]}?" if near else ""


def _variable(*path: str) -> str:
    """Return the name of the variable of a field; of a log's field with the log before it."""
    alias = Settings.model_fields[path[0]].validation_alias if path[0] in Settings.model_fields else None
    return str(alias or PREFIX + "_".join(path).upper())


def _fault(error: dict[str, Any]) -> str:
    """One sentence for what pydantic found wrong."""
    text = error["msg"].removeprefix("Value error, ")
    if error["loc"] in ((), ("listening",)):
        return text
    path = [str(part) for part in error["loc"]]
    name = path[0] if path[0].startswith(PREFIX) else _variable(*path)
    found = without_keys(repr(error["input"]))
    return f"{name}: found {found}, allowed is {text.removeprefix('Input should be ')}"
