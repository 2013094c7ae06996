"""Listens of which much is equal: most sessions are as long as many others, and there are more than fifty of them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from tests import model

START = 1_241_000_000
SONGS = [
    ("Plaid", "Heartbeats"),
    ("plaid", "Heartbeats"),
    ('"Plaid', "Bonus Track"),
    ("Plaid", "Bonus Track"),
    ("\uffee", "after the surrogates in UTF-16"),
    ("\U0001f3b5", "before them"),
]


def listens_with_ties(seed: int) -> dict[str, list[model.Listen]]:
    """Each user's listens, oldest first."""
    rng = np.random.default_rng(seed)
    return {user: _listens(rng, user) for user in ("user_000001", "user_000002", "a b", "ünï")}


def _listens(rng: np.random.Generator, user: str) -> list[model.Listen]:
    listens, second = [], START + int(rng.integers(0, 2)) * 1201
    for step in rng.choice([0, 200, 1200, 1201, 1201], 150):
        second += int(step)
        artist_name, track_name = SONGS[rng.integers(0, len(SONGS))]
        listens.append(model.Listen(user, datetime.fromtimestamp(second, UTC), None, artist_name, None, track_name))
    return listens
