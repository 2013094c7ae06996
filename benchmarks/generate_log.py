"""Write a listening log of any size in the exact form of LastFM-1K, the same bytes for the same seed.

The shape follows the published figures of the real log: users' skew, session lengths, missing MusicBrainz
ids, names in several scripts and with quotes in them, users one after another, newest listen first.

    python -m benchmarks.generate_log --listens 3000 --users 12 --odd-lines sample.tsv
"""

from __future__ import annotations

import argparse
import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np

REAL_LISTENS, REAL_USERS = 19_150_868, 992
NEWEST_LISTEN = np.datetime64("2009-05-04T23:00:00", "s")
LOG_SECONDS = 4 * 365 * 86400

# Lognormal session lengths with these two give the real log's mean (18.38 tracks), its share of one-track
# sessions (14 %) and, over a million sessions, its longest (about 5,400 tracks).
SESSION_LENGTH_MU, SESSION_LENGTH_SIGMA = 2.0, 1.35
USER_ACTIVITY_SIGMA = 1.1
SESSION_GAP_SECONDS = 20 * 60
MEAN_PAUSE_SECONDS = 9 * 3600

TRACKS_PER_ARTIST, SHARE_OF_FAVOURITES = 9, 0.8
TRACKS_WITHOUT_ID, ARTISTS_WITHOUT_ID = 0.1132, 0.0314

WORDS = """Silver River Paper Moon Glass Harbour Winter Engine Velvet Radio Orchard Signal Ember Lantern Cobalt Meridian
雨の庭 夜明け Ночной Город Überfluß Café Señal Ørken Ελπίδα 바다 "Live" don't (Demo) AC\\DC & Sons""".split()


def main(argv: list[str] | None = None) -> None:
    """Write the log the command line asks for."""
    args = parse_args(argv)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    # Under another name until it is whole: a run may be reading the log of this name.
    unfinished = args.output.with_name(f".{args.output.name}.{os.getpid()}")
    with unfinished.open("wb") as log:
        for chunk in generate(args.listens, args.users, args.seed):
            log.write(chunk)
        if args.odd_lines:
            log.writelines(line + b"\n" for line in ODD_LINES)
    os.replace(unfinished, args.output)
    print(f"{args.output}: {args.listens:,} listens of {args.users:,} users, seed {args.seed}", file=sys.stderr)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; the defaults are the real log's size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, help="the file to write")
    parser.add_argument("--listens", type=int, default=REAL_LISTENS, help="valid listens to write (%(default)s)")
    parser.add_argument("--users", type=int, default=REAL_USERS, help="users they belong to (%(default)s)")
    parser.add_argument("--seed", type=int, default=1000, help="the same seed gives the same bytes (%(default)s)")
    parser.add_argument("--odd-lines", action="store_true", help="end with a line for every reason to reject one")
    args = parser.parse_args(argv)
    if not 1 <= args.users <= args.listens:
        parser.error(f"found {args.users} users and {args.listens} listens; allowed is at least one listen a user")
    return args


def generate(listens: int, users: int, seed: int) -> Iterator[bytes]:
    """Yield the log, one user's lines at a time, newest first; memory holds one user."""
    rng = np.random.default_rng(seed)
    tracks = max(50, listens // 16)
    for number, count in enumerate(_listens_of_users(rng, listens, users), start=1):
        times = _times_newest_first(rng, count)
        songs = _songs(rng, count, tracks)
        yield _lines(f"user_{number:06d}", times, songs)


def _listens_of_users(rng: np.random.Generator, listens: int, users: int) -> np.ndarray:
    """Share the listens among the users, at least one each, as unevenly as in the real log."""
    weight = rng.lognormal(sigma=USER_ACTIVITY_SIGMA, size=users)
    share = 1 + np.floor((listens - users) * weight / weight.sum()).astype(np.int64)
    share[0] += listens - share.sum()
    return share


def _times_newest_first(rng: np.random.Generator, count: int) -> np.ndarray:
    """Lay sessions of lognormal length backwards in time; tracks follow each other in a few minutes."""
    pauses = rng.lognormal(mean=5.3, sigma=0.5, size=count)
    within_session = np.minimum(pauses, SESSION_GAP_SECONDS).astype(np.int64)

    sessions = 16 + count // 8
    lengths = np.ceil(rng.lognormal(SESSION_LENGTH_MU, SESSION_LENGTH_SIGMA, sessions)).astype(np.int64)
    starts = np.cumsum(lengths)
    starts = starts[starts < count]
    between_sessions = rng.exponential(MEAN_PAUSE_SECONDS, len(starts))

    steps = within_session
    steps[0] = rng.integers(0, 30 * 86400)
    steps[starts] = SESSION_GAP_SECONDS + 1
    # Whoever listens most pauses least: everybody's listens fit into the years the log covers.
    squeeze = min(1.0, (LOG_SECONDS - steps.sum()) / max(1.0, between_sessions.sum()))
    steps[starts] += (squeeze * between_sessions).astype(np.int64)
    return NEWEST_LISTEN - np.cumsum(steps).astype("timedelta64[s]")


def _songs(rng: np.random.Generator, count: int, tracks: int) -> np.ndarray:
    """Track numbers as a listener picks them: few often, many once, each user from an own corner."""
    favourites = rng.integers(0, tracks, max(1, count // 12))
    from_favourites = favourites[(len(favourites) * rng.random(count) ** 3).astype(np.int64)]
    from_charts = (tracks * rng.random(count) ** 6).astype(np.int64)
    return np.where(rng.random(count) < SHARE_OF_FAVOURITES, from_favourites, from_charts)


def _lines(user_id: str, times: np.ndarray, songs: np.ndarray) -> bytes:
    distinct, which = np.unique(songs, return_inverse=True)
    fields = [_song_fields(int(track)) for track in distinct]
    stamps = np.datetime_as_string(times, unit="s").tolist()
    lines = [f"{user_id}\t{at}Z\t{fields[song]}\n" for at, song in zip(stamps, which.tolist(), strict=True)]
    return "".join(lines).encode()


def _song_fields(track: int) -> str:
    """The last four fields of a line, a function of the track's number alone."""
    artist = track // TRACKS_PER_ARTIST
    artist_id = _musicbrainz_id("artist", artist, ARTISTS_WITHOUT_ID)
    track_id = _musicbrainz_id("track", track, TRACKS_WITHOUT_ID)
    return f"{artist_id}\t{_name(artist)} {artist}\t{track_id}\t{_name(track * 31 + 7)} {track}"


def _musicbrainz_id(kind: str, number: int, share_without: float) -> str:
    bits = uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{number}")
    return "" if bits.int % 10_000 < share_without * 10_000 else str(bits)


def _name(number: int) -> str:
    return f"{WORDS[number % len(WORDS)]} {WORDS[(number * 7 + 3) % len(WORDS)]}"


_ARTIST_ID = b"f1b1cf71-bd35-4e99-8624-24a6e15f133a"
_TRACK_ID = b"f7c1f8f8-b935-45ed-8fc8-7def69d92a10"


def _odd(
    *,
    user: bytes = b"user_000001",
    at: bytes = b"2008-02-29T12:00:00Z",
    artist_id: bytes = _ARTIST_ID,
    artist: bytes = b"Odd Artist",
    track_id: bytes = _TRACK_ID,
    track: bytes = b"Odd Track",
) -> bytes:
    return b"\t".join((user, at, artist_id, artist, track_id, track))


# One line for every reason to reject one, then one for every warning and normalisation.
ODD_LINES = (
    _odd(track=b"Broken \xff\xfe bytes"),
    b"user_000001\tfive\tfields\tare\tnot enough",
    b"",
    _odd(user=b" "),
    _odd(at=b""),
    _odd(at=b"2008-02-30T12:00:00Z"),
    _odd(at=b"2008-02-29 12:00:00"),
    _odd(at=b"1970-01-01T00:00:00Z"),
    _odd(artist=b""),
    _odd(track=b"\xe2\x80\x83"),
    _odd(),
    _odd(),
    _odd(at=b"2008-02-29T13:04:00+01:00", artist_id=b"not-a-uuid"),
    _odd(at=b"2005-12-31T23:59:60Z", track_id=b""),
)


if __name__ == "__main__":
    main()
