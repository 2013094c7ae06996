"""What songs are called: a song's names and MusicBrainz ids are a function of its number and the catalogue's size."""

from __future__ import annotations

from itertools import product

import numpy as np

from include.sample_data.listening.histories import ARTISTS_WITHOUT_ID, QUOTED_ARTISTS, TRACKS_PER_ARTIST

# A track of an artist without an id has none either; this is the share among the others.
TRACKS_WITHOUT_ID = 0.078

LATIN = """Silver River Paper Moon Glass Harbour Winter Engine Velvet Radio Orchard Signal Ember Lantern Cobalt Meridian
don't AC\\DC & Sons Überfluß Café Señal Blue (Demo) Heart Stone Night Road Summer Ghost Fire The Of And Little Golden
Broken Autumn Machine Garden Mirror Ocean Shadow Thunder Sister Railway Sunday Empty Electric Northern""".split()
OTHER_SCRIPTS = "雨の庭 夜明け 음악 바다 Ночной Город Ελπίδα Θάλασσα ליל مدينة".split()
ARTISTS_OF_OTHER_SCRIPTS, ARTISTS_WITH_NICKNAME, ARTISTS_WITH_OPEN_QUOTE, ARTISTS_WITH_BONUS_TRACK = 14, 60, 400, 7

_LATIN_NAMES, _OTHER_NAMES = (
    [f"{first} {second}".encode() for first, second in product(words, words)] for words in (LATIN, OTHER_SCRIPTS)
)
_NAMES = _LATIN_NAMES + _OTHER_NAMES
# Each name as the track of each number, and as three special ones; the line ends with it.
_OPEN_QUOTE, _MIX, _BONUS = range(TRACKS_PER_ARTIST, TRACKS_PER_ARTIST + 3)
_SPECIAL = (b'"%b\n', b'%b (12" Mix)\n', b"%.0bBonus Track\n")
_TRACK_FORMS = [b"%%b %d\n" % number for number in range(1, TRACKS_PER_ARTIST + 1)] + [*_SPECIAL]
_TRACK_NAMES = [form % name for name, form in product(_NAMES, _TRACK_FORMS)]
_ARTIST_FORMS = (b"%b%b %d\t", b'%b%b "Junior" %d\t', b'%b"%b %d\t')
_HEX = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), np.uint8).reshape(256, 2)
_DIGITS_OF_ID = [place for place in range(36) if place not in (8, 13, 18, 23)]


def song_fields(songs: np.ndarray, artists: int) -> list[bytes]:
    """Return the last four fields of a line and its end for each song, `artists` being how many there are."""
    artist, track = np.divmod(songs, TRACKS_PER_ARTIST)
    with_id = artists - int(ARTISTS_WITHOUT_ID * artists)
    distinct, which = np.unique(artist, return_inverse=True)
    of_artists = _artist_fields(distinct, distinct < with_id)
    bits = _mixed(songs + 1)
    form = _track_form(artist, track)
    has_id = (artist < with_id) & (form != _BONUS) & (bits % np.uint64(10_000) >= TRACKS_WITHOUT_ID * 10_000)
    names = (_name(artist, bits) * len(_TRACK_FORMS) + form).tolist()
    return [
        of_artists[at] + track_id + _TRACK_NAMES[name]
        for at, track_id, name in zip(which.tolist(), _musicbrainz_ids(bits, has_id), names, strict=True)
    ]


def _artist_fields(artist: np.ndarray, has_id: np.ndarray) -> list[bytes]:
    """The id and the name, which ends with the artist's number: no other has it."""
    bits = _mixed(artist ^ 0xA57157)
    form = np.zeros(len(artist), np.int64)
    form[artist % ARTISTS_WITH_NICKNAME == ARTISTS_WITH_NICKNAME - 1] = 1
    form[artist % ARTISTS_WITH_OPEN_QUOTE == ARTISTS_WITH_OPEN_QUOTE - 2] = 2
    columns = (form.tolist(), _musicbrainz_ids(bits, has_id), _name(artist, bits).tolist(), artist.tolist())
    return [
        _ARTIST_FORMS[at] % (artist_id, _NAMES[name], number)
        for at, artist_id, name, number in zip(*columns, strict=True)
    ]


def _track_form(artist: np.ndarray, track: np.ndarray) -> np.ndarray:
    """Which of the forms a track's name has: no two tracks of an artist have the same, tracks of two artists may."""
    last = TRACKS_PER_ARTIST - 1
    form = track.copy()
    form[(track == last) & (artist % QUOTED_ARTISTS == QUOTED_ARTISTS - 1)] = _OPEN_QUOTE
    form[(track == last) & (artist % QUOTED_ARTISTS == 0)] = _MIX
    form[(track == last - 1) & (artist % ARTISTS_WITH_BONUS_TRACK == 0)] = _BONUS
    return form


def _name(artist: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """Choose the place of a name in `_NAMES`, in the script that the artist has."""
    bits = (bits >> np.uint64(20)).astype(np.int64)
    is_other = artist % ARTISTS_OF_OTHER_SCRIPTS == ARTISTS_OF_OTHER_SCRIPTS - 1
    return np.where(is_other, len(_LATIN_NAMES) + bits % len(_OTHER_NAMES), bits % len(_LATIN_NAMES))


def _musicbrainz_ids(bits: np.ndarray, has_id: np.ndarray) -> list[bytes]:
    """Write 64 bits, and 64 more made of them, as a UUID of version 4 and a tab; only a tab where there is no id."""
    octets = np.stack([bits, _mixed(bits)], axis=1).astype("<u8").view(np.uint8)
    text = np.full((len(bits), 37), ord("-"), np.uint8)
    text[:, _DIGITS_OF_ID] = _HEX[octets].reshape(len(bits), 32)
    text[:, 14], text[:, 19], text[:, 36] = ord("4"), ord("a"), ord("\t")
    return np.where(has_id, text.view("S37").ravel(), b"\t").tolist()


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """Scatter numbers over 64 bits: the finaliser of SplitMix64 (https://prng.di.unimi.it/splitmix64.c)."""
    bits = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
