from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from benchmarks import generate_log
from spark_jobs.data_quality.rules import REASONS
from tests import model
from tests.logs import GAP, RUN_DATE


def log_of(path: Path, *arguments: str) -> bytes:
    generate_log.main([str(path), *arguments])
    return path.read_bytes()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    size = ("--listens", "500", "--users", "3")
    first = log_of(tmp_path / "1", *size)
    assert log_of(tmp_path / "2", *size) == first
    assert log_of(tmp_path / "3", *size, "--seed", "5") != first


def test_every_line_is_a_listen_newest_first_one_user_after_another(tmp_path: Path) -> None:
    log = log_of(tmp_path / "log", "--listens", "4000", "--users", "7")
    judged = model.judge(log, RUN_DATE)
    assert (len(judged.listens), judged.reasons) == (4000, Counter())
    keys = [line.split(b"\t")[:2] for line in log.splitlines()]
    assert len({user for user, _ in keys}) == 7
    assert all(user < next_user or at > next_at for (user, at), (next_user, next_at) in itertools.pairwise(keys))


def test_the_odd_lines_hold_every_reason_and_every_warning() -> None:
    judged = model.judge(b"\n".join(generate_log.ODD_LINES), RUN_DATE)
    assert set(judged.reasons) == set(REASONS)
    assert set(judged.warnings) == {"missing_track_id", "malformed_artist_id"}


def test_sessions_are_about_as_long_as_the_real_logs_and_ids_missing_about_as_often(tmp_path: Path) -> None:
    judged = model.judge(log_of(tmp_path / "log", "--listens", "60000", "--users", "20"), RUN_DATE)
    sessions = model.sessions_of(judged.listens, GAP)
    assert np.mean([session.track_count for session in sessions]) == pytest.approx(18.4, rel=0.15)
    without_id = sum(listen.track_id is None for listen in judged.listens) / len(judged.listens)
    assert without_id == pytest.approx(generate_log.TRACKS_WITHOUT_ID, abs=0.05)


def test_more_users_than_listens_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        generate_log.parse_args(["log.tsv", "--listens", "3", "--users", "4"])
    assert "found 4 users and 3 listens; allowed is at least one listen a user" in capsys.readouterr().err
