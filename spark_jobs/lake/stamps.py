"""Who made a snapshot, and from what: every snapshot of ours says so in its summary."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from pyiceberg.table import Table

_PREFIX = "pipeline."
# Ends the name of the tag that keeps what a try added, as it was before it was compacted.
ADDED = "_added"
# Ends the name of the branch on which a try has set rows aside.
ASIDE = "_aside"
_BRANCH = re.compile(rf"try_\d{{8}}_[0-9a-f]{{8}}_(?P<began>\d{{8}}t\d{{6}})_[0-9a-f]{{8}}({ADDED}|{ASIDE})?")
_BEGAN = "%Y%m%dt%H%M%S"


@dataclass(frozen=True)
class Stamp:
    """The run date, the run's id and the stage that made a snapshot, and the snapshots it was `made_from`, by table.

    Those of other tables are the run's own; that of the same table is the base that it adds to.
    """

    run_date: date
    run_id: str
    stage: str
    made_from: Mapping[str, int] = field(default_factory=dict)

    def properties(self) -> dict[str, str]:
        """Return the stamp as the properties of a snapshot."""
        return {
            f"{_PREFIX}run-date": str(self.run_date),
            f"{_PREFIX}run-id": self.run_id,
            f"{_PREFIX}stage": self.stage,
            f"{_PREFIX}made-from": json.dumps(dict(self.made_from)),
        }

    def new_branch(self) -> str:
        """Name a branch that no other try has; the name tells the run and the time when the try began."""
        began = datetime.now(UTC).strftime(_BEGAN)
        return f"{branches_of(self.run_date, self.run_id)}{began}_{uuid.uuid4().hex[:8]}"


def stamp_of(table: Table, snapshot: int) -> Stamp | None:
    """Return the stamp of a table's snapshot; None if the snapshot is gone, or another program made it."""
    made = table.snapshot_by_id(snapshot)
    found = made.summary.additional_properties if made and made.summary else {}
    if f"{_PREFIX}run-date" not in found:
        return None
    return Stamp(
        run_date=date.fromisoformat(found[f"{_PREFIX}run-date"]),
        run_id=found[f"{_PREFIX}run-id"],
        stage=found[f"{_PREFIX}stage"],
        made_from=json.loads(found[f"{_PREFIX}made-from"]),
    )


def branches_of(run_date: date, run_id: str) -> str:
    """Return how the names of all branches and tags of a run begin; its id may have characters that a name cannot."""
    return f"try_{run_date:%Y%m%d}_{_hash(run_id)}_"


def began_at(branch: str) -> datetime | None:
    """Return when the try of a branch, or of its tag, began; None for a branch of another kind.

    >>> began_at("try_20261119_0a1b2c3d_20261120t010203_4e5f6071")
    datetime.datetime(2026, 11, 20, 1, 2, 3, tzinfo=datetime.timezone.utc)
    >>> began_at("try_20261119_0a1b2c3d_20261120t010203_4e5f6071_aside") is None
    False
    """
    found = _BRANCH.fullmatch(branch)
    return datetime.strptime(found["began"], _BEGAN).replace(tzinfo=UTC) if found else None


def _hash(run_id: str) -> str:
    return hashlib.sha256(run_id.encode()).hexdigest()[:8]
