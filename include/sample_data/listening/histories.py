"""When users listen and to what, as the published figures of the real log and its first lines have it.

Nothing here knows a name or writes a byte: times are seconds since 1970, songs are numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

REAL_LISTENS, REAL_USERS, REAL_ARTISTS = 19_150_868, 992, 176_948
LISTENS_WITHOUT_ARTIST_ID, ARTISTS_WITHOUT_ID = 602_166 / REAL_LISTENS, 69_420 / REAL_ARTISTS

# No listen is older: before 2002 it would be implausible.
EARLIEST = datetime(2002, 1, 1, tzinfo=UTC)
LOG_SECONDS = 4 * 365 * 86400
# The real log's busiest user has 183,103 listens in four years. With more, nights would have to go.
SECONDS_A_LISTEN = 600

# With these two the busiest 13 of 992 users have over 100,000 listens, and nobody twice as many.
USER_ACTIVITY_SIGMA, BUSIEST_OVER_MEAN = 1.0, 9.5
# Rounded lognormal lengths with these two have the real mean (18.38 tracks), the real share of sessions of one track
# (13.6 %) and, over a million sessions, the longest of about 5,300 tracks.
SESSION_LENGTH_MU, SESSION_LENGTH_SIGMA = 1.936, 1.396
SESSION_GAP_SECONDS = 20 * 60
MEAN_PAUSE_SECONDS = 9 * 3600
# Within a session: in the same second, skipped, or played to the end.
SAME_SECOND, SKIPPED = 0.033, 0.05
TRACK_SECONDS, TRACK_SECONDS_SIGMA = 265, 0.42

TRACKS_PER_ARTIST = 12
TRACKS_OF_AN_ARTIST_IN_A_ROW, NEW_ARTISTS = 4.6, 0.2
# The real answer is songs on repeat: the first one 1,214 times.
ON_REPEAT, MOST_REPEATS = 0.004, 1_500
# Of these so many are songs that a CSV reader gets wrong, so that whoever takes quotes for quotes has a wrong answer.
ON_REPEAT_QUOTED, QUOTED_ARTISTS = 0.15, 16


@dataclass(frozen=True)
class History:
    """A user's listens, newest first: their times, and the numbers of the songs."""

    user_id: str
    times: np.ndarray
    songs: np.ndarray


def histories(listens: int, users: int, seed: int, newest: datetime) -> Iterator[History]:
    """Yield what each user listened to, one user at a time; a user depends on the seed and its number of listens."""
    newest_second = int(newest.timestamp())
    for number, count in enumerate(_listens_of_users(listens, users, seed, newest), start=1):
        rng = np.random.default_rng([seed, number])
        songs = _songs(rng, count, artists_in(listens))
        yield History(f"user_{number:06d}", newest_second - _ages(rng, songs, span_seconds(newest)), songs)


def users_for(listens: int) -> int:
    """How many users the real log would have at this size."""
    return max(1, listens * REAL_USERS // REAL_LISTENS)


def artists_in(listens: int) -> int:
    """How many artists there are to choose from: twice the listens bring less than twice the artists."""
    return max(64, round(REAL_ARTISTS * (listens / REAL_LISTENS) ** 0.7))


def span_seconds(newest: datetime) -> int:
    """How many seconds of listening a log can hold that ends then."""
    return min(LOG_SECONDS, int((newest - EARLIEST).total_seconds()))


def most_listens_a_user(newest: datetime) -> int:
    """How many listens of one user fit into the log."""
    return max(0, span_seconds(newest) // SECONDS_A_LISTEN)


def _listens_of_users(listens: int, users: int, seed: int, newest: datetime) -> list[int]:
    """Share the listens among the users, at least one each, as unevenly as in the real log."""
    weight = np.random.default_rng([seed, 0]).lognormal(sigma=USER_ACTIVITY_SIGMA, size=users)
    weight = np.minimum(weight, BUSIEST_OVER_MEAN * math.exp(USER_ACTIVITY_SIGMA**2 / 2))
    most = most_listens_a_user(newest)
    share = np.minimum(most, 1 + np.floor((listens - users) * weight / weight.sum()).astype(np.int64))
    # What was rounded off or did not fit goes to the first users that have room.
    room = most - share
    room_before = np.cumsum(room) - room
    return (share + np.clip(listens - share.sum() - room_before, 0, room)).tolist()


def _ages(rng: np.random.Generator, songs: np.ndarray, span: int) -> np.ndarray:
    """Lay sessions backwards in time; return how many seconds before the newest time each listen was."""
    count = len(songs)
    steps = _steps_within_sessions(rng, songs)
    starts = np.cumsum(session_lengths(rng, 16 + count // 8))
    starts = starts[starts < count]
    # Most users' logs reach to the end or nearly.
    steps[0] = int(min(30 * 86400, span // 50) * rng.random() ** 4)
    steps[starts] = SESSION_GAP_SECONDS + 1
    between = rng.exponential(MEAN_PAUSE_SECONDS, len(starts))
    # Whoever listens most pauses least: everybody's listens fit into the years the log covers.
    squeeze = min(1.0, max(0.0, span - steps.sum()) / max(1.0, between.sum()))
    steps[starts] += (squeeze * between).astype(np.int64)
    return np.cumsum(steps)


def session_lengths(rng: np.random.Generator, sessions: int) -> np.ndarray:
    """Draw numbers of tracks."""
    lengths = rng.lognormal(SESSION_LENGTH_MU, SESSION_LENGTH_SIGMA, sessions)
    return np.maximum(1, np.rint(lengths)).astype(np.int64)


def _steps_within_sessions(rng: np.random.Generator, songs: np.ndarray) -> np.ndarray:
    count = len(songs)
    played = rng.lognormal(math.log(TRACK_SECONDS), TRACK_SECONDS_SIGMA, count)
    steps = np.clip(played, 1, SESSION_GAP_SECONDS).astype(np.int64)
    kind = rng.random(count)
    skipped = kind > 1 - SKIPPED
    steps[skipped] = rng.integers(1, 100, skipped.sum())
    # Only every other listen, and never the same song: at most two share a second, and no two are duplicates.
    same_second = kind[1:] < 2 * SAME_SECOND
    same_second[::2] = False
    same_second &= songs[1:] != songs[:-1]
    steps[1:][same_second] = 0
    return steps


def _songs(rng: np.random.Generator, count: int, artists: int) -> np.ndarray:
    """Songs as they follow each other: a few tracks of an artist in a row, now and then one track on repeat."""
    runs = 64 + count // 3
    lengths = rng.geometric(1 / TRACKS_OF_AN_ARTIST_IN_A_ROW, runs)
    on_repeat = rng.random(runs) < ON_REPEAT
    lengths[on_repeat] = np.minimum(20 + 20 * rng.pareto(1.1, on_repeat.sum()), MOST_REPEATS)
    artist = _artists_of_runs(rng, runs, artists)
    track = (TRACKS_PER_ARTIST * rng.random(runs) ** 2).astype(np.int64)
    quoted = on_repeat & (rng.random(runs) < ON_REPEAT_QUOTED)
    artist[quoted] += QUOTED_ARTISTS - 1 - artist[quoted] % QUOTED_ARTISTS
    track[quoted] = TRACKS_PER_ARTIST - 1

    run = np.repeat(np.arange(runs), lengths)[:count]
    place = np.arange(len(run)) - (np.cumsum(lengths) - lengths)[run]
    track = (track[run] + np.where(on_repeat[run], 0, place)) % TRACKS_PER_ARTIST
    return np.resize(artist[run] * TRACKS_PER_ARTIST + track, count)


def _artists_of_runs(rng: np.random.Generator, runs: int, artists: int) -> np.ndarray:
    """Mostly one of the user's favourites, and of these few most of the time."""
    favourites = _popular(rng, 8 + math.isqrt(runs * 3), artists)
    favourite = favourites[(len(favourites) * rng.random(runs) ** 2).astype(np.int64)]
    return np.where(rng.random(runs) < NEW_ARTISTS, _popular(rng, runs, artists), favourite)


def _popular(rng: np.random.Generator, number: int, artists: int) -> np.ndarray:
    """Draw artists, low numbers often. The many without a MusicBrainz id, which come last, have few listens."""
    with_id = artists - int(ARTISTS_WITHOUT_ID * artists)
    known = (with_id * rng.random(number) ** 2).astype(np.int64)
    unknown = rng.integers(with_id, artists, number)
    return np.where(rng.random(number) < LISTENS_WITHOUT_ARTIST_ID, unknown, known)
