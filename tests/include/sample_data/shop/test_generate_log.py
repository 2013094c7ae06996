"""What a generated log of a shop looks like: its bytes, its files, and what can be asked for."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from include.sample_data.shop import generate_log, write_sample
from include.sample_data.shop.answer import beside
from tests.include.sample_data.shop.made import KINDS, SMALL, MadeLog, make

# Of the texts of all files, by their names. It changes with the generator, and with nothing else.
DIGEST = "bb56f936eb77ab33c8c69d6f17868d57addf1cd00b9d35dca8d17f1573041d68"
TINY = ("--events", "1000", "--days", "5", "--odd-records")


def digest(texts: dict[str, bytes]) -> str:
    total = hashlib.sha256()
    for name, text in texts.items():
        total.update(f"{name}\n".encode() + text)
    return total.hexdigest()


def test_seed_alone_decides_the_bytes_of_a_log(tmp_path: Path) -> None:
    first = make(tmp_path / "1", *TINY)
    assert make(tmp_path / "2", *TINY).texts() == first.texts()
    assert make(tmp_path / "3", *TINY, "--seed", "5").texts() != first.texts()
    assert beside(tmp_path / "1").read_bytes() == beside(tmp_path / "2").read_bytes()


def test_bytes_are_the_same_on_every_machine(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "include.sample_data.shop.generate_log", str(tmp_path / "log"), *TINY]
    subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": "77"}, check=True, capture_output=True)
    assert digest(MadeLog(tmp_path / "log", {}).texts()) == DIGEST


def test_sample_has_four_kinds_up_to_its_day(tmp_path: Path) -> None:
    write_sample(tmp_path / "log", date(2026, 11, 20))
    assert sorted(path.name for path in (tmp_path / "log").iterdir()) == sorted(KINDS)
    names = sorted(path.name for path in (tmp_path / "log" / "events").iterdir())
    assert names[0] == "2026-11-07.jsonl.gz"
    assert names[-2:] == ["2026-11-20.jsonl", "odd.jsonl"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.answer.json"]


@pytest.mark.parametrize("last_day", ["2015-01-16", "2024-02-29", "2099-12-31"])
def test_log_covers_the_days_asked_for(tmp_path: Path, last_day: str) -> None:
    made = make(tmp_path / "log", *SMALL, "--last-day", last_day)
    days = Counter(event.occurred_at.date() for event in made.judged().accepted["events"])
    first = date.fromisoformat(last_day) - timedelta(days=13)
    assert max(days) == date.fromisoformat(last_day)
    # A visit may be moved back, before another one of its user.
    assert min(days) in (first, first - timedelta(days=1))
    assert len(days) >= 14


def test_daily_parts_hold_the_same_records(tmp_path: Path) -> None:
    whole, parts = make(tmp_path / "whole", *SMALL), make(tmp_path / "parts", *SMALL, "--daily", "3")
    assert sorted(path.name for path in parts.path.iterdir()) == [
        "2026-11-26",
        "2026-11-27",
        "2026-11-28",
        "2026-11-29",
    ]
    for kind in KINDS:
        assert sorted(parts.lines(kind)) == sorted(whole.lines(kind)), kind
    made_by, of_parts = whole.answer.pop("made_by"), parts.answer.pop("made_by")
    assert parts.answer == whole.answer
    assert of_parts == {**made_by, "daily": 3}


def test_some_records_of_a_part_are_days_late(tmp_path: Path) -> None:
    made = make(tmp_path / "log", "--events", "16000", "--days", "9", "--daily", "5")
    late = {"events": Counter[int](), "transactions": Counter[int]()}
    for part in sorted(made.path.iterdir())[1:]:
        accepted = MadeLog(part, made.answer).judged().accepted
        for kind, days in late.items():
            days.update((date.fromisoformat(part.name) - record.occurred_at.date()).days for record in accepted[kind])
    for kind, days in late.items():
        # A copy may come another day later than a late record.
        assert {0, 1, 2, 3} <= set(days) <= set(range(6)), kind
        assert days[0] > 0.9 * days.total(), kind


def test_odd_files_begin_with_a_mark(tmp_path: Path) -> None:
    made = make(tmp_path / "log", *TINY)
    for kind in KINDS:
        odd = (made.path / kind / "odd.jsonl").read_bytes()
        assert odd.startswith(b"\xef\xbb\xbf{")
        assert odd.count(b"\r\n") == odd.count(b"\n") > 10
        assert not odd.endswith(b"\n")


def test_memory_holds_one_block_of_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    add = generate_log._add_block
    monkeypatch.setattr(generate_log, "USERS_A_BLOCK", 20)
    monkeypatch.setattr(
        generate_log, "_add_block", lambda *given: (sizes.append((len(given[3].ids), given[5])), add(*given))
    )
    make(tmp_path / "log", *SMALL)
    assert [users for users, _ in sizes] == [20, 20, 20]
    assert sum(events for _, events in sizes) == 4000
    assert max(events for _, events in sizes) < 1400


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(["--events", "999"], "found 999 events, allowed are 1,000 or more", id="too few events"),
        pytest.param(["--users", "1"], "found 1 users, allowed are 2 or more", id="too few users"),
        pytest.param(["--events", "1000", "--users", "126"], "at least 8 events for each", id="too many users"),
        pytest.param(["--days", "3", "--daily", "3"], "found 3 daily parts of 3 days", id="no day before the parts"),
        pytest.param(["--last-day", "2015-01-30"], "found the days 2015-01-01 to 2015-01-30", id="implausible days"),
        pytest.param(["--last-day", "today"], "found 'today', allowed is a date like 2026-11-29", id="no date"),
    ],
)
def test_what_cannot_be_generated_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        generate_log.parse_args([str(tmp_path / "log"), *options])
    assert message in capsys.readouterr().err


def test_log_that_is_there_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        generate_log.parse_args([str(tmp_path)])
    assert "which is there already; remove it, or name another directory" in capsys.readouterr().err


def test_log_made_meanwhile_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    generate = generate_log.generate
    monkeypatch.setattr(generate_log, "generate", lambda *given: (log.mkdir(), generate(*given))[1])
    generate_log.main([str(log), *TINY])
    assert list(tmp_path.iterdir()) == [log]
    assert list(log.iterdir()) == []
    assert "has been made by another process meanwhile" in capsys.readouterr().err


def test_stopped_generator_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(generate_log.Files, "compress_first", stop)
    with pytest.raises(KeyboardInterrupt):
        generate_log.main([str(tmp_path / "log"), *TINY])
    assert list(tmp_path.iterdir()) == []


def test_lines_are_json_but_for_the_damaged(tmp_path: Path) -> None:
    made = make(tmp_path / "log", "--events", "4000")
    broken = 0
    for line in made.lines("events"):
        try:
            json.loads(line)
        except ValueError:
            broken += 1
    assert (
        0
        < broken
        <= sum(made.answer["rejected"]["events"].get(name, 0) for name in ("invalid_json", "invalid_encoding"))
    )
