"""A report compares its ranking with another ranking, and its answer with that of the previous run date."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest

from include.report.listening.changes import changes, since_previous
from include.report.listening.model import Change, Changes, ListeningReport, Song
from spark_jobs.shared.lake import Lake
from tests.include.report.finished import PARAMETERS, facts, finish, leave_facts, listens, made
from tests.logs import RUN_DATE

NOTHING = Changes(kept=0, entered=(), left=(), up=(), down=())


def ranking(*names: str, artist: str = "A") -> list[Song]:
    counts = {"play_count": 1, "session_count": 1, "listener_count": 1}
    return [Song(rank=rank, artist_name=artist, track_name=name, **counts) for rank, name in enumerate(names, start=1)]


def change(name: str, from_rank: int | None, to_rank: int | None) -> tuple[Change]:
    return (Change(artist_name="A", track_name=name, from_rank=from_rank, to_rank=to_rank),)


def test_songs_enter_leave_rise_fall_and_stay() -> None:
    assert changes(ranking("a", "b", "c", "d"), ranking("a", "e", "d", "b")) == Changes(
        kept=3, entered=change("e", None, 2), left=change("c", 3, None), up=change("d", 4, 3), down=change("b", 2, 4)
    )
    assert changes([], []) == NOTHING


def test_same_title_by_two_artists_is_two_songs() -> None:
    found = changes(ranking("a"), ranking("a", artist="B"))
    assert (found.kept, len(found.entered), len(found.left)) == (0, 1, 1)


def test_report_compares_with_the_latest_earlier_date(lake: Lake) -> None:
    for days, name in ((-7, "a"), (-2, "b"), (3, "c")):
        earlier = RUN_DATE + timedelta(days=days)
        finish(lake, listens(("u", "12:00:00", "A", name)), earlier)
        leave_facts(lake, earlier, {**PARAMETERS, "top_sessions": 40})
    finish(lake, listens(("u", "12:00:00", "A", "b")), RUN_DATE)
    assert facts(lake)["since_previous"] == {
        "run_date": "2009-05-02",
        "parameters": {"top_sessions": [40, 50]},
        "verdict": "good",
        "quality_score": 99.5,
        "quality_score_change": 0,
        **{"kept": 1, "entered": [], "left": [], "up": [], "down": []},
    }


def tomorrow(lake: Lake, parameters: dict[str, Any] = PARAMETERS) -> ListeningReport:
    """The report of the same run, as if it were of the day after."""
    return made(lake, parameters=parameters).model_copy(update={"run_date": RUN_DATE + timedelta(days=1)})


def test_changed_window_is_reported_as_changed_parameter(lake: Lake) -> None:
    finish(lake, listens(("u", "12:00:00", "A", "b")))
    before = leave_facts(lake, RUN_DATE)
    week = tomorrow(lake, {**PARAMETERS, "window_days": 7})
    assert since_previous(lake, week, ()).parameters == {"window_days": (None, 7)}
    then = json.loads(before.read_text())
    del then["parameters"]["window_days"]
    before.write_text(json.dumps(then))
    assert since_previous(lake, week, ()).parameters == {"window_days": (None, 7)}
    assert since_previous(lake, tomorrow(lake), ()).parameters == {}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"parameters": {}, "run_date": "2009-05-04"}', '{"parameters": 1}'])
def test_unreadable_earlier_report_costs_only_the_comparison(
    lake: Lake, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    finish(lake, listens(("u", "12:00:00", "A", "b")))
    before = leave_facts(lake, RUN_DATE)
    now = tomorrow(lake)
    assert since_previous(lake, now, ()) is not None
    before.write_text(text)
    with caplog.at_level(logging.WARNING):
        assert since_previous(lake, now, ()) is None
    assert f"no comparison with 2009-05-04: {before} is not as this version writes it" in caplog.text
    assert "run 2009-05-04 again" in caplog.text
