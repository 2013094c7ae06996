"""What is known of a generated log by how it was made: nothing of the pipeline has a part in it.

It lies beside the log as `<log>.answer.json`: records, accepted and rejected ones by reason, warnings, interactions by
action, load times by version, users, sessions, active time, and the users and sessions of each day.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from include.sample_data.notes import shape
from include.sample_data.notes.calendar import Calendar
from include.sample_data.notes.dirt import Dirt
from include.sample_data.notes.interactions import NONE, Interactions
from include.sample_data.notes.people import People
from spark_jobs.logs.notes.contract import ACTIONS, INTERACTIONS, NOTES, USERS

# The days that trailing answers look at.
WINDOW = 28


@dataclass
class Answer:
    """Counts the blocks of a log as they are made. `counts` have the names under which they are written."""

    calendar: Calendar
    dirt: dict[str, Dirt] = field(default_factory=lambda: {one.name: Dirt(one) for one in NOTES.kinds})
    warnings: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    loads: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    daily_users: Counter[int] = field(default_factory=Counter)
    daily_sessions: Counter[int] = field(default_factory=Counter)

    def add(self, made: Interactions, users: People) -> None:
        """Count a block of whole users: no other block has any of them."""
        day = self.calendar.day_of(made.time)
        self._add_days(made, day)
        self._add_warnings(made, day, users)
        first = np.flatnonzero(np.diff(made.visit, prepend=-1))
        is_lone = np.diff(np.append(first, len(made.visit))) == 1
        self.counts.update(
            users=len(np.unique(made.user)),
            users_in_28_days=len(np.unique(made.user[day >= self.calendar.days - WINDOW])),
            sessions=len(first),
            bounced_sessions=int(is_lone.sum()),
            sessions_without_duration=int((made.duration[first[is_lone]] == NONE).sum()),
            active_ms=int(made.active.sum()),
        )
        self.actions.update(dict(zip(ACTIONS, np.bincount(made.action, minlength=len(ACTIONS)).tolist(), strict=True)))
        loads = np.bincount(made.version[made.load != NONE], minlength=len(shape.VERSIONS))
        self.loads.update(dict(zip(shape.VERSIONS, loads.tolist(), strict=True)))

    def _add_days(self, made: Interactions, day: np.ndarray) -> None:
        pairs = np.unique(made.user * self.calendar.days + day)
        starts = day[np.diff(made.visit, prepend=-1) > 0]
        for counts, days in ((self.daily_users, pairs % self.calendar.days), (self.daily_sessions, starts)):
            counts.update(dict(enumerate(np.bincount(days, minlength=self.calendar.days).tolist())))

    def _add_warnings(self, made: Interactions, day: np.ndarray, users: People) -> None:
        is_known = users.is_known[made.user]
        self.warnings.update(
            unknown_user=int((~is_known).sum()),
            before_join_date=int((is_known & (day < users.join_day[made.user])).sum()),
            longer_than_8_hours=int((made.duration > shape.EIGHT_HOURS).sum()),
        )

    def facts(self) -> dict[str, Any]:
        """Return all that is known, under the names that the file has."""
        days = range(self.calendar.days)
        kinds = self.dirt.items()
        return {
            "records": {kind: dirt.accepted + dirt.rejected.total() for kind, dirt in kinds},
            "accepted": {kind: dirt.accepted for kind, dirt in kinds},
            "rejected": {kind: _without_zeros(dirt.rejected) for kind, dirt in kinds},
            "warnings": {INTERACTIONS.name: _without_zeros(self.warnings), USERS.name: {}},
            "interactions_by_action": {name: self.actions[name] for name in ACTIONS},
            "load_times_by_version": _without_zeros(self.loads),
            **self.counts,
            "users_by_day": {str(self.calendar.date_of(day)): self.daily_users[day] for day in days},
            "sessions_by_day": {str(self.calendar.date_of(day)): self.daily_sessions[day] for day in days},
        }

    def write(self, path: Path, made_by: dict[str, Any]) -> None:
        """Write all that is known, with the options the log was made by."""
        facts = {"made_by": made_by, **self.facts()}
        path.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def beside(log: Path) -> Path:
    """Return where the answer to a log lies."""
    return log.with_name(f"{log.name}.answer.json")


def _without_zeros(counts: Counter[str]) -> dict[str, int]:
    return {name: count for name, count in sorted(counts.items()) if count}
