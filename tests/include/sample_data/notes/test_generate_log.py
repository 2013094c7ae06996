"""What a generated notes log looks like: its bytes, its files, and what can be asked for."""

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

from include.sample_data.notes import generate_log, write_sample
from include.sample_data.notes.answer import beside
from spark_jobs.logs.notes.contract import NOTES
from tests.include.sample_data.notes.made import SMALL, MadeLog, make
from tests.notes_model import KINDS, judge

# Of the texts of all files, by their names. It changes with the generator, and with nothing else.
DIGEST = "a89058bca844f4d2d40d934aaffeda9946876e9bf514e5730f0189ccb6476d44"
TINY = ("--interactions", "1000", "--days", "12", "--odd-records")


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
    command = [sys.executable, "-m", "include.sample_data.notes.generate_log", str(tmp_path / "log"), *TINY]
    subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": "77"}, check=True, capture_output=True)
    assert digest(MadeLog(tmp_path / "log", {}).texts()) == DIGEST


def test_sample_has_two_kinds_up_to_its_day(tmp_path: Path) -> None:
    write_sample(tmp_path / "log", date(2026, 11, 20))
    assert sorted(path.name for path in (tmp_path / "log").iterdir()) == sorted(KINDS)
    names = sorted(path.name for path in (tmp_path / "log" / "interactions").iterdir())
    assert names[0] == "2026-09-12.csv.gz"
    assert names[-4:] == ["2026-11-20.csv", "odd-columns.csv", "odd-open-quote.csv", "odd.csv"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.answer.json"]


def test_sample_of_the_first_weeks_is_shorter(tmp_path: Path) -> None:
    since = NOTES.events.plausible.since
    write_sample(tmp_path / "log", since + timedelta(weeks=4))
    judged = judge(MadeLog(tmp_path / "log", {}).files(), since + timedelta(weeks=4))
    assert len(judged.accepted["interactions"]) == 6_015
    # Nobody joined before it.
    assert json.loads(beside(tmp_path / "log").read_text(encoding="utf-8"))["rejected"] == judged.reasons


@pytest.mark.parametrize("last_day", ["2005-02-09", "2024-02-29", "2099-12-31"])
def test_log_covers_the_days_asked_for(tmp_path: Path, last_day: str) -> None:
    made = make(tmp_path / "log", *SMALL, "--last-day", last_day)
    days = Counter(one.occurred_at.date() for one in made.judged().accepted["interactions"])
    last = date.fromisoformat(last_day)
    assert (min(days), max(days)) == (last - timedelta(days=39), last)
    # One day is quiet.
    assert len(days) == 39


def test_daily_parts_hold_the_same_records(tmp_path: Path) -> None:
    whole, parts = make(tmp_path / "whole", *SMALL), make(tmp_path / "parts", *SMALL, "--daily", "3")
    days = ["2026-11-26", "2026-11-27", "2026-11-28", "2026-11-29"]
    assert sorted(path.name for path in parts.path.iterdir()) == days
    for kind in KINDS:
        assert sorted(parts.lines(kind)) == sorted(whole.lines(kind)), kind
    made_by, of_parts = whole.answer.pop("made_by"), parts.answer.pop("made_by")
    assert parts.answer == whole.answer
    assert of_parts == {**made_by, "daily": 3}


def test_records_arrive_when_they_are_plausible(tmp_path: Path) -> None:
    made = make(tmp_path / "log", "--interactions", "16000", "--days", "19", "--daily", "5")
    late = Counter[int]()
    for part in sorted(made.path.iterdir()):
        files = {name: text for name, text in made.files().items() if f"/{part.name}/" in name}
        day = date.fromisoformat(part.name)
        now, then = judge(files, day), judge(files, made.last_day)
        assert now.reasons == then.reasons
        late.update(
            (day - one.occurred_at.date()).days for one in now.accepted["interactions"] if part.name > "2026-11-24"
        )
    # A copy may come another day later than a late record.
    assert {0, 1, 2, 3} <= set(late) <= set(range(6))
    assert late[0] > 0.9 * late.total()


def test_odd_files_are_odd(tmp_path: Path) -> None:
    made = make(tmp_path / "log", *TINY)
    judged = made.judged()
    for kind in KINDS:
        odd = (made.path / kind / "odd.csv").read_bytes()
        assert odd.startswith(b"\xef\xbb\xbfuser_id,")
        assert odd.count(b"\r\n") > 10
        assert not odd.endswith(b"\n")
        assert judged.ignored_columns[f"{kind}/odd-columns.csv"] == ["comment"]
    pages = {one.page_id for one in judged.accepted["interactions"]}
    assert {"two\nlines", 'a\r\n"b",\r', 'Plan, "v2"'} <= pages
    (broken,) = [one for one in judged.rejected if one.reason == "malformed_csv" and one.kind == "interactions"]
    assert (broken.file, broken.line) == ("interactions/odd-open-quote.csv", 3)


def test_records_are_lines_but_in_odd_files(tmp_path: Path) -> None:
    """So a file of a day can be split anywhere."""
    made = make(tmp_path / "log", *SMALL)
    assert sum(line.count(b'"') > 0 for line in made.lines("interactions")) > 100
    assert all(line.count(b'"') % 2 == 0 for kind in KINDS for line in made.lines(kind))


def test_memory_holds_one_block_of_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    add = generate_log._add_block
    monkeypatch.setattr(generate_log, "INTERACTIONS_A_BLOCK", 1_000)
    monkeypatch.setattr(generate_log, "_add_block", lambda *given: (sizes.append(given[5]), add(*given)))
    make(tmp_path / "log", *SMALL)
    assert sum(sizes) == 4000
    # The busiest user, and four blocks of the others.
    assert (sizes[0], len(sizes)) == (400, 5)
    assert max(sizes) < 1400


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(["--interactions", "999"], "found 999 interactions, allowed are 1,000 or more", id="too few"),
        pytest.param(["--users", "1"], "found 1 users, allowed are 2 or more", id="too few users"),
        pytest.param(["--interactions", "1000", "--users", "1001"], "at least one interaction for each", id="many"),
        pytest.param(["--hot-share", "1"], "found a share of 1.0 for the busiest user", id="nobody else"),
        pytest.param(["--days", "3", "--daily", "3"], "found 3 daily parts of 3 days", id="no day before the parts"),
        pytest.param(["--last-day", "2005-01-30"], "found the days 2004-12-02 to 2005-01-30", id="early days"),
        pytest.param(["--last-day", "today"], "found 'today', allowed is a date like 2026-11-29", id="no date"),
        pytest.param(["--days", "0"], "found 0 daily parts of 0 days", id="no day"),
        pytest.param(["--days", "1", "--interactions", "1000001"], "allowed are 1,000,000 a day", id="too many a day"),
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
