from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.benched import check
from benchmarks.listening import duckdb_answer, programs
from include.sample_data.listening import generate_log
from include.sample_data.listening.answer import beside
from tests import model
from tests.include.sample_data.listening.ties import listens_with_ties
from tests.logs import GAP


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_names_with_unclosed_quotes_keep_the_answer_right(tmp_path: Path, seed: str) -> None:
    log, output = tmp_path / "a user's log.tsv", tmp_path / "a user's answer.tsv"
    generate_log.main([str(log), "--listens", "30000", "--users", "9", "--seed", seed])
    duckdb_answer.main(str(log), str(output))
    answer = json.loads(beside(log).read_text(encoding="utf-8"))
    assert b'\t"' in log.read_bytes()
    assert check(programs.of_duckdb(output), answer) == {
        "right": True,
        "facts_right": 10,
        "facts": 10,
        "wrong": [],
    }


def test_song_of_the_answer_may_begin_with_quote(tmp_path: Path) -> None:
    log, output = tmp_path / "log.tsv", tmp_path / "answer.tsv"
    rows = [("10:04", '"Open', '"Song'), ("10:04", "AC\\DC", 'Twice ""'), ("10:00", '"Open', '"Song')]
    log.write_text("".join(f"u\t2009-05-01T{at}:00Z\t\t{artist}\t\t{track}\n" for at, artist, track in rows))
    duckdb_answer.main(str(log), str(output))
    header = "rank\tartist_name\ttrack_name\tplay_count\tsession_count\tlistener_count\n"
    assert output.read_text() == f'{header}1\t"Open\t"Song\t2\t1\t1\n2\tAC\\DC\tTwice ""\t1\t1\t1\n'


@pytest.mark.parametrize("seed", range(5))
def test_ties_are_broken_as_the_model_breaks_them(tmp_path: Path, seed: int) -> None:
    log, output = tmp_path / "log.tsv", tmp_path / "answer.tsv"
    listens = [listen for of_user in listens_with_ties(seed).values() for listen in reversed(of_user)]
    lines = (f"{one.user_id}\t{one.listened_at:%FT%TZ}\t\t{one.artist_name}\t\t{one.track_name}\n" for one in listens)
    log.write_text("".join(lines), encoding="utf-8")
    duckdb_answer.main(str(log), str(output))
    sessions = model.sessions_of(listens, GAP)
    songs = [vars(song) for song in model.top_songs(sessions, model.top_sessions(sessions, 50), 10)]
    assert check(programs.of_duckdb(output), {"top_songs": songs})["wrong"] == []
