"""What a contract says of the numbers that people choose: the limits of its checks, the parameters of its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# percent: 0 to 100. ratio: percent of something else, 0 or more. amount: above 0. count: a whole number from 1 on.
# pattern: a regular expression of Java.
LimitKind = Literal["percent", "ratio", "amount", "count", "pattern"]


@dataclass(frozen=True)
class Limit:
    """From where on a check of the log warns: a setting of the deployment.

    Of two limits `minimum_x` and `maximum_x` the first is never above the second. `sentence` says the unit, and what
    happens beyond the limit.
    """

    name: str
    default: float | str
    kind: LimitKind
    sentence: str


@dataclass(frozen=True)
class Parameter:
    """What a run may choose for the answers of its log; with a default of None it may choose nothing.

    `sentence` ends in the unit, where there is one; a number is from `lowest` to `highest`. `setting` is the sentence
    of the setting with which a deployment decides the default; without one the default stands.
    """

    name: str
    default: int | bool | None
    kind: Literal["number", "yes or no", "path"]
    sentence: str
    lowest: int = 1
    highest: int = 1
    setting: str = ""
