"""The interactions of a block as lines of CSV."""

from __future__ import annotations

import numpy as np

from include.sample_data.notes import shape, texts
from include.sample_data.notes.interactions import Interactions, version_names
from include.sample_data.notes.people import People
from include.sample_data.notes.shape import drawn
from spark_jobs.logs.notes.contract import ACTIONS

_ACTIONS = [name.encode() for name in ACTIONS]


def lines_of(rng: np.random.Generator, made: Interactions, users: People, pages: list[bytes]) -> list[bytes]:
    """Write each interaction as a line, with its end; its time at the offset of its visit."""
    zones = drawn(rng, int(made.visit[-1]) + 1 if len(made.visit) else 0, shape.OFFSET_SHARES)
    versions = version_names()
    rows = zip(
        [users.ids[one] for one in made.user.tolist()],
        texts.times(made.time, zones[made.visit]),
        [_ACTIONS[one] for one in made.action.tolist()],
        [pages[one] for one in made.page.tolist()],
        texts.numbers(made.duration),
        texts.numbers(made.load),
        [versions[one] + b"\n" for one in made.version.tolist()],
        strict=True,
    )
    return list(map(b",".join, rows))
