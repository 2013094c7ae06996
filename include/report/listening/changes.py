"""What is different between two rankings, and between this answer and the one before."""

from __future__ import annotations

from collections.abc import Sequence

from include.report.listening.model import Change, Changes, ListeningReport, SincePrevious, Song
from include.report.model import RunReport
from include.report.previous import other_parameters, report_before
from spark_jobs.shared.lake import Lake

# The parameters that two answers must share to be compared without a word.
METHOD = ("session_gap_minutes", "top_sessions", "top_songs", "window_days", "minimum_quality_score")


def changes(before: Sequence[Song], after: Sequence[Song]) -> Changes:
    """Return what becomes of the songs from one ranking to another; songs are told apart by their two names."""
    old, new = _ranks(before), _ranks(after)
    both = [song for song in new if song in old]
    return Changes(
        kept=len(both),
        entered=tuple(_change(song, old, new) for song in new if song not in old),
        left=tuple(_change(song, old, new) for song in old if song not in new),
        up=tuple(_change(song, old, new) for song in both if new[song] < old[song]),
        down=tuple(_change(song, old, new) for song in both if new[song] > old[song]),
    )


def since_previous(lake: Lake, now: RunReport, songs: Sequence[Song]) -> SincePrevious | None:
    """Return an answer against that of the last earlier run date; None where there is none that can be read."""
    then = report_before(lake, now.run_date, ListeningReport)
    if then is None:
        return None
    return SincePrevious(
        run_date=then.run_date,
        parameters=other_parameters(then, now, METHOD),
        verdict=then.verdict,
        quality_score=then.quality_score,
        quality_score_change=round(now.quality_score - then.quality_score, 4),
        **dict(changes(then.top_songs, songs)),
    )


def _ranks(songs: Sequence[Song]) -> dict[tuple[str, str], int]:
    return {(song.artist_name, song.track_name): song.rank for song in songs}


def _change(song: tuple[str, str], old: dict[tuple[str, str], int], new: dict[tuple[str, str], int]) -> Change:
    artist, track = song
    return Change(artist_name=artist, track_name=track, from_rank=old.get(song), to_rank=new.get(song))
