"""What the deployment decides, from the environment; a run's parameters cannot change it.

Each field is one environment variable: `PIPELINE_` and the field's name in capitals, for what belongs to one log
`PIPELINE_<LOG>_`. The contract of a log names the log's own. `.env.example` lists them too.
"""

from __future__ import annotations

import difflib
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from include.deployment.log_settings import PREFIX, LogSettings, log_settings, variable
from include.deployment.setting_types import InputRoot, LakeRoot, Positive
from spark_jobs.contract import LogContract
from spark_jobs.lake.catalog import SETTING
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.logs import contracts
from spark_jobs.shared.object_store import without_keys

PROJECT = Path(__file__).resolve().parents[2]
# Read elsewhere: by the commands of `cli/`, where jars are fetched, where the catalog is opened, and where Spark works.
OF_OTHERS = {
    "PIPELINE_AIRFLOW_HOME",
    "PIPELINE_MASKING_KEY",
    "PIPELINE_MASKING_KEY_ID",
    "PIPELINE_MAVEN_URL",
    "PIPELINE_SPARK_MEMORY",
    SETTING,
}


class SettingsError(ValueError):
    """A setting is not usable; the message names its variable, what was found and what is allowed."""


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

    if TYPE_CHECKING:

        def __getattr__(self, log: str) -> LogSettings:
            """The settings of a log."""

    def of_log(self, log: str) -> LogSettings:
        """Return the settings of a log."""
        return getattr(self, log)

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
        found = _of_all_logs(tuple(contracts().values()))()
    except ValidationError as error:
        faults += [_fault(dict(one)) for one in error.errors(include_url=False)]
    if faults:
        raise SettingsError("; ".join(sorted(faults)))
    return found


def variables() -> dict[str, FieldInfo]:
    """Return every setting by the name of its variable: those of all logs, then log by log."""
    found = {_variable(name): field for name, field in Settings.model_fields.items()}
    for contract in contracts().values():
        found |= {variable(contract.name, name): field for name, field in _of_log(contract).model_fields.items()}
    return found


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


@cache
def _of_log(contract: LogContract) -> type[LogSettings]:
    return log_settings(contract)


@cache
def _of_all_logs(logs: tuple[LogContract, ...]) -> type[Settings]:
    """Return the class of all settings: each log has a field of its name."""
    of_logs: Any = {one.name: (_of_log(one), _of_log(one).model_validate({})) for one in logs}
    return create_model("Settings", __base__=Settings, **of_logs)


def _variable(name: str) -> str:
    """Return the variable of a field that belongs to all logs."""
    alias = Settings.model_fields[name].validation_alias if name in Settings.model_fields else None
    return str(alias or f"{PREFIX}{name}".upper())


def _fault(error: dict[str, Any]) -> str:
    """One sentence for what pydantic found wrong."""
    text = error["msg"].removeprefix("Value error, ")
    path = [str(part) for part in error["loc"]]
    if not path or (path[0] in contracts() and not path[1:]):
        return text
    name = path[0] if path[0].startswith(PREFIX) else variable(*path[:2]) if path[1:] else _variable(path[0])
    found = without_keys(repr(error["input"]))
    return f"{name}: found {found}, allowed is {text.removeprefix('Input should be ')}"
