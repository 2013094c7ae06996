from __future__ import annotations

import itertools
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from include.sample_data.listening import answer, generate_log, histories
from spark_jobs.logs.listening.contract import LISTENS
from tests import model
from tests.logs import GAP, RUN_DATE


def log_of(path: Path, *arguments: str) -> bytes:
    generate_log.main([str(path), *arguments])
    return path.read_bytes()


@pytest.mark.parametrize("users", ["1", "3"])
def test_seed_alone_decides_the_bytes_of_a_log(tmp_path: Path, users: str) -> None:
    size = ("--listens", "500", "--users", users)
    first = log_of(tmp_path / "1", *size)
    assert log_of(tmp_path / "2", *size) == first
    assert log_of(tmp_path / "3", *size, "--seed", "5") != first
    assert answer.beside(tmp_path / "1").read_bytes() == answer.beside(tmp_path / "2").read_bytes()


def test_lines_are_listens_by_user_newest_first(tmp_path: Path) -> None:
    log = log_of(tmp_path / "log", "--listens", "4000", "--users", "7")
    judged = model.judge(log, RUN_DATE)
    assert (len(judged.listens), judged.reasons) == (4000, Counter())
    keys = [line.split(b"\t")[:2] for line in log.splitlines()]
    assert len({user for user, _ in keys}) == 7
    assert all(user < next_user or at >= next_at for (user, at), (next_user, next_at) in itertools.pairwise(keys))


def test_generator_holds_lines_of_one_user_only() -> None:
    args = generate_log.parse_args(["log.tsv", "--listens", "900", "--users", "5"])
    users = [{line.split(b"\t")[0] for line in chunk.splitlines()} for chunk in generate_log.generate(args, new())]
    assert users == [{b"user_%06d" % number} for number in range(1, 6)]


def new() -> answer.Answer:
    return answer.Answer()


@pytest.mark.parametrize("newest", ["2002-01-05T00:00:00Z", "2009-05-04T23:00:00Z", "2026-11-20T23:00:00Z"])
def test_log_ends_within_a_day_of_newest_time(tmp_path: Path, newest: str) -> None:
    log = log_of(tmp_path / "log", "--listens", "3000", "--users", "12", "--newest", newest)
    end = datetime.fromisoformat(newest)
    judged = model.judge(log, end.date())
    assert judged.reasons == Counter()
    latest = max(listen.listened_at for listen in judged.listens)
    assert end - timedelta(days=1) < latest <= end


def test_odd_lines_hold_every_reason_and_warning() -> None:
    judged = model.judge(b"\n".join(generate_log.ODD_LINES), RUN_DATE)
    assert set(judged.reasons) == set(LISTENS.reason_names)
    assert set(judged.warnings) == {"missing_track_id", "malformed_artist_id"}


@pytest.mark.parametrize(
    ("score", "options"),
    [
        pytest.param("93", ["--listens", "1860", "--users", "5"], id="a small log"),
        pytest.param("93", ["--listens", "20000", "--users", "9"], id="a larger log"),
        pytest.param("99.37", ["--listens", "10001", "--users", "3", "--odd-lines"], id="odd lines among the bad"),
        pytest.param("4.5", ["--listens", "450", "--users", "3"], id="more bad lines than listens"),
    ],
)
def test_the_score_is_what_was_asked_for(tmp_path: Path, score: str, options: list[str]) -> None:
    judged = model.judge(log_of(tmp_path / "log", *options, "--score", score), RUN_DATE)
    kept, rejected = len(judged.listens), len(judged.rejected)
    assert f"{100 * kept / (kept + rejected):.2f}" == f"{float(score):.2f}"


def test_bad_lines_spread_over_reasons_and_log(tmp_path: Path) -> None:
    log = log_of(tmp_path / "log", "--listens", "10000", "--users", "4", "--score", "93")
    judged = model.judge(log, RUN_DATE)
    assert set(judged.reasons) == set(LISTENS.reason_names)
    assert max(judged.reasons.values()) - min(judged.reasons.values()) <= 1
    bad = {line for line, reason in judged.rejected if reason != "duplicate"}
    lines = log.splitlines()
    size = len(lines) // 10
    tenths = [sum(line in bad for line in lines[start : start + size]) for start in range(0, 10 * size, size)]
    assert min(tenths) > 0.8 * max(tenths)


def test_score_impossible_for_few_lines_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        generate_log.parse_args(["log.tsv", "--listens", "3000", "--score", "93"])
    assert "found a score of 93 and 3,000 good lines: the nearest is 92.99" in capsys.readouterr().err


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> model.Judgement:
    log = log_of(tmp_path_factory.mktemp("shape") / "log", "--listens", "60000", "--users", "20")
    return model.judge(log, RUN_DATE)


def test_session_lengths_resemble_the_real_log(judged: model.Judgement) -> None:
    lengths = [session.track_count for session in model.sessions_of(judged.listens, GAP)]
    assert np.mean(lengths) == pytest.approx(18.38, rel=0.15)
    assert np.mean([length == 1 for length in lengths]) == pytest.approx(0.136, abs=0.02)


def test_shares_of_missing_ids_resemble_the_real_log(judged: model.Judgement) -> None:
    for kind, published in (("artist_id", 0.0314), ("track_id", 0.1132)):
        missing = np.mean([getattr(listen, kind) is None for listen in judged.listens])
        assert missing == pytest.approx(published, abs=0.03), kind


def test_order_of_tracks_resembles_the_real_log(judged: model.Judgement) -> None:
    pairs = [
        (one, following)
        for run in model.sessions_of(judged.listens, GAP).values()
        for one, following in itertools.pairwise(run)
    ]
    seconds = [(following.listened_at - one.listened_at).total_seconds() for one, following in pairs]
    assert np.median(seconds) == pytest.approx(260, abs=20)
    assert np.mean([second == 0 for second in seconds]) == pytest.approx(0.033, abs=0.01)
    same_artist = np.mean([one.artist_name == following.artist_name for one, following in pairs])
    assert same_artist == pytest.approx(0.78, abs=0.05)


def test_names_have_several_scripts_and_some_unclosed_quotes(judged: model.Judgement) -> None:
    songs = [(listen.artist_name, listen.track_name) for listen in judged.listens]
    for names in zip(*songs, strict=True):
        assert 0 < np.mean([name[0] == '"' and name.count('"') == 1 for name in names]) < 0.03
    assert 0.1 < np.mean([not "".join(song).isascii() for song in songs]) < 0.5
    names = "".join(itertools.chain.from_iterable(songs))
    assert all(character in names for character in "\"'\\雨Θم음Г")


def test_larger_log_has_more_users_with_bounded_listens() -> None:
    newest = generate_log.NEWEST_LISTEN
    counts = histories._listens_of_users(100_000_000, histories.users_for(100_000_000), 1, newest)
    assert sum(counts) == 100_000_000
    assert min(counts) >= 1
    assert 160_000 < max(counts) < 200_000
    assert 0.005 < np.mean([count > 100_000 for count in counts]) < 0.03
    assert histories._listens_of_users(10, 4, 1, newest) != [7, 1, 1, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ["--listens", "3", "--users", "4"],
            "found 4 users and 3 listens; allowed is at least one listen a user",
            id="more users than listens",
        ),
        pytest.param(["--listens", "9000000", "--users", "9"], "allowed are 210,240 a user", id="too busy"),
        pytest.param(["--score", "0"], "found a score of 0, allowed is more than 0 and at most 100", id="no good line"),
        pytest.param(["--newest", "today"], "found 'today', allowed is a time like", id="no time"),
        pytest.param(["--newest", "2001-12-31T00:00:00Z"], "allowed is a time like", id="before the first listens"),
    ],
)
def test_what_cannot_be_generated_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        generate_log.parse_args(["log.tsv", *arguments])
    assert message in capsys.readouterr().err
