"""The settings of one log: those that every log has, and those that its contract names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from include.deployment.setting_types import LIMITS, LogPath, Percent
from spark_jobs.contract import LogContract
from spark_jobs.limits import Parameter

PREFIX = "PIPELINE_"


class LogSettings(BaseModel):
    """What belongs to one log: its input, and from where on it is not good (warning) or the run stops."""

    model_config = ConfigDict(frozen=True)
    log: ClassVar[str]

    input_path: LogPath
    load: Literal["full", "daily"] = Field(
        "full", description="what a run reads: the whole log (full), or what has arrived for its run date (daily)"
    )
    minimum_quality_score: Percent = Field(
        95, description="percent; a run below it is degraded, if its own parameter does not say otherwise"
    )
    stop_quality_score: Percent = Field(90, description="percent; a run below it stops, whatever its parameter says")

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """A limit or a parameter of the log's contract."""

    @model_validator(mode="after")
    def _limits_in_order(self) -> LogSettings:
        named = type(self).model_fields
        pairs = {low: low.replace("minimum_", "maximum_") for low in named if low.startswith("minimum_")}
        pairs = {low: high for low, high in pairs.items() if high in named}
        for low, high in {"stop_quality_score": "minimum_quality_score", **pairs}.items():
            if getattr(self, low) > getattr(self, high):
                raise ValueError(
                    f"{variable(self.log, low)}: found {getattr(self, low):g}, allowed is no more than "
                    f"{variable(self.log, high)}, which is {getattr(self, high):g}"
                )
        return self


def log_settings(contract: LogContract) -> type[LogSettings]:
    """Return the class of the settings of a log."""
    path = Field(
        contract.input_path or contract.name,
        description="what a run reads if its parameter does not say: a file, a directory or a pattern",
    )
    chosen = {one.name: _default_of(one) for one in contract.parameters if one.setting}
    limits = {one.name: (LIMITS[one.kind], Field(one.default, description=one.sentence)) for one in contract.limits}
    of_log: Any = {"input_path": (LogPath, path), **chosen, **limits}
    made = create_model(f"{contract.name.title()}Settings", __base__=LogSettings, **of_log)
    made.log = contract.name
    return made


def variable(log: str, name: str) -> str:
    """Return the variable of a log's setting.

    >>> variable("listening", "load")
    'PIPELINE_LISTENING_LOAD'
    """
    return f"{PREFIX}{log}_{name}".upper()


def _default_of(parameter: Parameter) -> tuple[Any, Any]:
    """Return the type and the field of the setting that is a parameter's default."""
    number = Annotated[int, Field(ge=parameter.lowest, le=parameter.highest)]
    kind: Any = {"number": number, "yes or no": bool, "path": LogPath}[parameter.kind]
    optional = kind | None if parameter.default is None else kind
    return optional, Field(parameter.default, description=parameter.setting)
