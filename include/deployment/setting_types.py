"""The kinds of values that settings have; a ValueError says what is allowed."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from spark_jobs.lake.catalog import SETTING
from spark_jobs.limits import LimitKind
from spark_jobs.shared.lake import fault_of_place
from spark_jobs.shared.object_store import INPUT_SCHEME, SCHEME

# A control character or a Spark glob of alternatives has no business in a file name.
PATH_CHARACTER = r"([^{}\x00-\x1f\x7f]|\{run_date\})"
# How Python refuses what Java may know: escapes such as \p{L}, flags in the middle, (?<name>...).
_OF_JAVA_ALONE = ("bad escape", "global flags", "unknown extension ?<")
OF_PATHS = "with no control characters and no braces but {run_date}"


def _absolute(place: Any, scheme: str) -> str:
    if str(place).startswith(scheme):
        return str(place).rstrip("/")
    if "://" in str(place) or not Path(place).is_absolute():
        raise ValueError(f"the absolute path of a directory that every worker sees, or {scheme}bucket/prefix")
    return str(Path(place))


def _lake(place: Any) -> str:
    root = _absolute(place, SCHEME)
    if fault := fault_of_place(root, os.environ.get(SETTING, "")):
        raise ValueError(fault)
    return root


def _input_root(place: Any) -> str:
    root = _absolute(place, INPUT_SCHEME)
    if "@" in root and "://" in root:
        raise ValueError(f"{INPUT_SCHEME}bucket/prefix, without keys in it")
    return root


def _path(text: str) -> str:
    if not re.fullmatch(f"{PATH_CHARACTER}+", text):
        raise ValueError(f"a path {OF_PATHS}")
    return text


def _pattern(text: str) -> str:
    # Java reads it, but only Python is here to ask: what the two have in common is looked at, and the name of a group.
    if re.search(r"(?<!\\)\(\?P", text):
        raise ValueError("a regular expression of Java, which has (?<name>...) and no (?P...)")
    try:
        re.compile(text)
    except re.error as error:
        if not error.msg.startswith(_OF_JAVA_ALONE):
            raise ValueError(f"a regular expression ({error})") from None
    return text


LakeRoot = Annotated[str, BeforeValidator(_lake)]
InputRoot = Annotated[str, BeforeValidator(_input_root)]
LogPath = Annotated[str, AfterValidator(_path)]
Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Positive = Annotated[int, Field(ge=1)]
Pattern = Annotated[str, BeforeValidator(_pattern)]
# By the kind that a contract gives a limit.
LIMITS: dict[LimitKind, Any] = {
    "percent": Percent,
    "ratio": Annotated[float, Field(ge=0, allow_inf_nan=False)],
    "amount": Annotated[float, Field(gt=0, allow_inf_nan=False)],
    "count": Positive,
    "pattern": Pattern,
}
