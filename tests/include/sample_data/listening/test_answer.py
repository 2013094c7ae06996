from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from include.sample_data.listening import generate_log
from include.sample_data.listening.answer import Answer, beside
from tests import model
from tests.include.sample_data.listening.ties import listens_with_ties
from tests.logs import GAP, RUN_DATE

START = 1_241_000_000


def of_model(listens: list[model.Listen]) -> dict[str, Any]:
    """Return the model's answer under the keys of the answer beside the log."""
    sessions = model.sessions_of(listens, GAP)
    longest = model.top_sessions(sessions, 50)
    return {
        "listens": len(listens),
        "users": len({listen.user_id for listen in listens}),
        "sessions": len(sessions),
        "top_sessions": [
            {
                "rank": rank,
                "user_id": one.user_id,
                "started_at": f"{one.started_at:%Y-%m-%dT%H:%M:%SZ}",
                "ended_at": f"{one.ended_at:%Y-%m-%dT%H:%M:%SZ}",
                "track_count": one.track_count,
            }
            for rank, one in enumerate(longest, start=1)
        ],
        "top_songs": [vars(song) for song in model.top_songs(sessions, longest, 10)],
    }


def of_answer(answer: Answer) -> dict[str, Any]:
    return {
        "listens": answer.listens,
        "users": answer.users,
        "sessions": answer.sessions,
        "top_sessions": answer.top_sessions(),
        "top_songs": answer.top_songs(),
    }


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(["--listens", "1", "--users", "1"], id="one listen"),
        pytest.param(["--listens", "300", "--users", "40", "--odd-lines"], id="few sessions, odd lines"),
        pytest.param(["--listens", "3000", "--users", "12", "--odd-lines"], id="the sample log"),
        pytest.param(["--listens", "9300", "--users", "8", "--score", "93"], id="bad lines"),
        pytest.param(["--listens", "9300", "--users", "3", "--score", "40", "--odd-lines"], id="both"),
        pytest.param(["--listens", "20000"], id="one user"),
    ],
)
@pytest.mark.parametrize("seed", ["7", "1000"])
def test_written_answer_equals_the_models_answer(tmp_path: Path, options: list[str], seed: str) -> None:
    path = tmp_path / "log.tsv"
    generate_log.main([str(path), *options, "--seed", seed])
    written = json.loads(beside(path).read_text(encoding="utf-8"))
    log = path.read_bytes()
    judged = model.judge(log, RUN_DATE)
    made_by, rejected = written.pop("made_by"), written.pop("rejected")
    assert written == {"lines": len(model.lines_of(log)), **of_model(judged.listens)}
    assert {reason: count for reason, count in rejected.items() if count} == judged.reasons
    assert made_by["seed"] == int(seed)


@pytest.mark.parametrize("seed", range(20))
def test_ties_are_broken_as_the_model_breaks_them(seed: int) -> None:
    answer, of_users = Answer(), listens_with_ties(seed)
    for user, listens in of_users.items():
        times = np.array([int(listen.listened_at.timestamp()) for listen in reversed(listens)])
        answer.add_user(
            user, times, [f"\t{one.artist_name}\t\t{one.track_name}\n".encode() for one in reversed(listens)]
        )
    assert of_answer(answer) == of_model([listen for listens in of_users.values() for listen in listens])


def test_only_pause_beyond_the_gap_opens_a_session() -> None:
    answer = Answer()
    answer.add_user("user", np.array([START + 2401, START + 1200, START]), [b"\tA\t\tB\n"] * 3)
    assert [one["track_count"] for one in answer.top_sessions()] == [2, 1]
    assert timedelta(seconds=1200) == GAP
