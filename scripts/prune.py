"""Drop the oldest run dates of a lake, from all datasets together, and what killed attempts left in its staging.

Its arguments, as make passes them: KEEP, how many run dates with a report stay; LAKE; and YES, without which it only
says what would go. Exits with 1 when an argument is bad or something could not be removed.
"""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

from include.prune import Plan, carry_out, plan
from scripts import arguments
from scripts.terminal import console, plain, sentence, short
from spark_jobs.shared.lake import Lake

FOR_REAL = ("1", "yes")
UNITS = ("bytes", "kB", "MB", "GB", "TB")


class PruneError(Exception):
    """An argument is bad; the message says what was found and what is allowed."""


def main() -> None:
    """Say what goes and, with YES=1, remove it."""
    try:
        lake, keep, for_real = read_arguments()
        planned = plan(lake, keep)
        show(planned)
        if for_real:
            carry_out(planned)
        elif planned.bytes:
            console.print("Nothing was removed: this only says what would go. To remove it, add YES=1.")
    except (PruneError, arguments.ArgumentError, OSError) as error:
        console.print(f"[bold red]Not pruned:[/] {plain(sentence(error))}")
        sys.exit(1)


def read_arguments() -> tuple[Lake, int, bool]:
    """Return the lake, how many run dates stay, and whether it is for real; raises PruneError."""
    given = arguments.read("prune", "KEEP", "YES", paths=("LAKE",))
    root = Path(os.path.abspath(given.get("LAKE", "lake")))
    keep, yes = given.get("KEEP", ""), given.get("YES", "")
    if not root.is_dir():
        raise PruneError(f"LAKE: found {root}, allowed is the root directory of a lake")
    if not (keep.isascii() and keep.isdigit() and int(keep)):
        raise PruneError(f"KEEP: found {keep!r}, allowed is a whole number from 1: how many run dates stay")
    if yes and yes not in FOR_REAL:
        raise PruneError(f"YES: found {yes!r}, allowed is {' or '.join(FOR_REAL)}, or nothing to only look")
    return Lake(str(root)), int(keep), bool(yes)


def show(planned: Plan) -> None:
    """Print what goes, what stays though it is old, and how much that is."""
    for day, parts in planned.dropped.items():
        what = ", ".join(part.path.parent.name for part in parts)
        console.print(f"{size(sum(part.bytes for part in parts)):>10}  {day}  {what}")
    for leftover in planned.leftovers:
        console.print(f"{size(leftover.bytes):>10}  left behind: {plain(short(leftover.path))}")
    for day in planned.spared:
        console.print(f"{'stays':>10}  {day}  a run may be publishing it; call again when it has ended")
    for day in planned.needed:
        console.print(
            f"{'stays':>10}  {day}  its listens are part of the log of a date that stays, until that is folded"
        )
    for area in planned.held:
        held = plain(short(area))
        console.print(f"{'stays':>10}  {held} holds a partition that was being replaced: run its date again")
    console.print(f"{size(planned.bytes):>10}  {len(planned.dropped)} run date(s) go, {len(planned.kept)} stay")


def size(number: int) -> str:
    """Bytes as people read them.

    >>> size(999), size(1_234_567)
    ('999 bytes', '1.2 MB')
    """
    power = min(int(math.log(number, 1000)) if number else 0, len(UNITS) - 1)
    return f"{number / 1000**power:.{min(power, 1)}f} {UNITS[power]}"


if __name__ == "__main__":
    main()
