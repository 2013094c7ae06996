"""`make prune` on lakes of small files, and stopped wherever it can be stopped."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from include import prune
from spark_jobs.shared.lake import FOLDED_LISTENS, LISTENS, OF_A_RUN, REPORTS, RUNS, SESSIONS, Lake
from tests.commands import started
from tests.conftest import PROJECT

DAYS = [date(2009, 5, day) for day in range(1, 6)]
Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def five_run_dates(lake: Lake) -> None:
    for day in DAYS:
        make_run(lake, day)
    for kept in ("data_docs/index.html", "spark_events/local-1"):
        (Path(lake.root) / kept).parent.mkdir(parents=True)
        (Path(lake.root) / kept).write_text("theirs")


def make_run(lake: Lake, day: date, hours_ago: float = 48, report: bool = True) -> None:
    """All that a run leaves, ten bytes a dataset, its report last."""
    made = time.time() - hours_ago * 3600
    for seconds, dataset in enumerate(reversed(OF_A_RUN)):
        if dataset != REPORTS or report:
            directory = Path(lake.partition(dataset, day))
            directory.mkdir(parents=True)
            file = directory / ("report.json" if dataset == REPORTS else "part-0")
            file.write_bytes(b"0123456789")
            for path in (file, directory):
                os.utime(path, (made + seconds, made + seconds))


def adds_up(lake: Lake, day: date, *parts: date) -> None:
    """Leave the record of a daily run whose log lies in the listens of these dates."""
    made_of = [{"dataset": LISTENS, "run_date": str(part), "log_id": f"log of {part}"} for part in parts]
    log = {"log_id": f"log of {day}", "parts": made_of, "inputs": [], "own": made_of[-1], "base": None}
    record = Path(lake.stage_record("data_quality", day))
    record.write_text(json.dumps({"lineage": log}))
    age(record, 48)


def stage(lake: Lake, name: str, hours_ago: float) -> Path:
    area = Path(lake.staging(name))
    area.mkdir(parents=True)
    (area / "part-0").write_bytes(b"01234")
    age(area, hours_ago)
    return area


def age(area: Path, hours_ago: float) -> None:
    for path in (*area.rglob("*"), area):
        os.utime(path, (time.time() - hours_ago * 3600,) * 2)


def days(lake: Lake) -> dict[str, list[date]]:
    """The run dates of each dataset."""
    return {
        dataset: sorted(
            date.fromisoformat(path.name.removeprefix("run_date=")) for path in Path(lake.dataset(dataset)).iterdir()
        )
        for dataset in OF_A_RUN
    }


def files(lake: Lake) -> dict[str, bytes]:
    root = Path(lake.root)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def call(lake: Lake, tmp_path: Path) -> Call:
    def call(**variables: str) -> subprocess.CompletedProcess[str]:
        """`make prune` with these variables, in a directory of its own."""
        given = {"PYTHONPATH": str(PROJECT), "LAKE": lake.root, **variables}
        command = started("scripts.prune", **given)
        return subprocess.run(**command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return call


def test_dates_that_a_log_that_stays_is_made_of_stay_with_it(lake: Lake, call: Call) -> None:
    adds_up(lake, DAYS[4], *DAYS[2:])
    done = call(KEEP="1", YES="1")
    assert f"stays  {DAYS[2]}  its listens are part of the log of a date that stays" in done.stdout
    assert days(lake) == dict.fromkeys(OF_A_RUN, DAYS[2:])
    # Folded, it needs nobody else.
    mark = Path(lake.partition(FOLDED_LISTENS, DAYS[4])) / "_SUCCESS"
    mark.write_text(json.dumps({"log_id": f"log of {DAYS[4]}", "files": {}}))
    age(mark.parent, 48)
    call(KEEP="1", YES="1")
    assert days(lake) == dict.fromkeys(OF_A_RUN, DAYS[4:])


def test_without_yes_it_only_says_what_would_go(lake: Lake, call: Call) -> None:
    before = files(lake)
    looked = call(KEEP="3")
    assert looked.returncode == 0
    parts, size = ", ".join(OF_A_RUN), 10 * len(OF_A_RUN)
    assert looked.stdout.splitlines() == [
        f" {size} bytes  2009-05-01  {parts}",
        f" {size} bytes  2009-05-02  {parts}",
        f" {2 * size} bytes  2 run date(s) go, 3 stay",
        "Nothing was removed: this only says what would go. To remove it, add YES=1.",
    ]
    assert files(lake) == before


def test_the_oldest_run_dates_go_from_all_datasets_together_and_nothing_else_is_touched(lake: Lake, call: Call) -> None:
    gone = tuple(f"run_date={day}/" for day in DAYS[:2])
    expected = {name: text for name, text in files(lake).items() if not any(day in name for day in gone)}
    assert len(expected) == 3 * len(OF_A_RUN) + 2
    assert call(KEEP="3", YES="1").returncode == 0
    assert files(lake) == expected
    assert list(Path(lake.staging("")).iterdir()) == []
    assert call(KEEP="3").stdout.splitlines() == ["   0 bytes  0 run date(s) go, 3 stay"]


def test_nothing_goes_where_it_is_not_said_how_many_run_dates_stay(lake: Lake, call: Call) -> None:
    before = files(lake)
    refused = call(YES="1")
    assert refused.returncode == 1
    assert "KEEP: found '', allowed is a whole number from 1" in refused.stdout
    assert files(lake) == before


@pytest.mark.parametrize("keep", ["0", "-1", "1.5", "all", "²", "1 2"])
def test_a_number_of_run_dates_that_is_none_is_refused(call: Call, keep: str) -> None:
    refused = call(KEEP=keep)
    assert (refused.returncode, f"KEEP: found '{keep}', allowed is a whole number from 1" in refused.stdout) == (
        1,
        True,
    )


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"YES": "no"}, "YES: found 'no', allowed is 1 or yes, or nothing to only look"),
        ({"LAKE": "/nowhere"}, "LAKE: found /nowhere, allowed is the root directory of a lake"),
    ],
)
def test_a_bad_argument_is_named(call: Call, variables: dict[str, str], message: str) -> None:
    refused = call(KEEP="1", **variables)
    assert (refused.returncode, message in refused.stdout) == (1, True)


def test_runs_that_failed_do_not_push_the_last_answers_out(lake: Lake) -> None:
    for day in (6, 7, 8):
        make_run(lake, date(2009, 5, day), report=False)
    assert list(prune.plan(lake, keep=4).dropped) == DAYS[:1]
    assert prune.plan(lake, keep=6).dropped == {}


def test_a_run_date_that_failed_goes_with_the_reports_around_it(lake: Lake) -> None:
    make_run(lake, date(2009, 4, 30), report=False)
    assert list(prune.plan(lake, keep=4).dropped) == [date(2009, 4, 30), DAYS[0]]


class StoppedError(Exception):
    """As a kill: nothing after it happens."""


@pytest.mark.parametrize("renames", range(len(OF_A_RUN) + 1))
def test_a_date_half_pruned_is_never_taken_for_a_whole_one_and_the_next_pruning_goes_on(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    done: list[Path] = []
    real = Path.rename

    def rename_until_stopped(path: Path, target: Path) -> Path:
        if len(done) == renames:
            raise StoppedError
        done.append(path)
        return real(path, target)

    def stopped(path: Path) -> None:
        raise StoppedError

    planned = prune.plan(lake, keep=4)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", rename_until_stopped)
        patched.setattr("include.prune._remove", stopped)
        with pytest.raises(StoppedError):
            prune.carry_out(planned)
    left = [dataset for dataset, there in days(lake).items() if DAYS[0] in there]
    assert left == list(OF_A_RUN[renames:])
    assert (REPORTS in left) == (renames == 0)

    # More may stay now, but not what has been begun: it has no report any more.
    again = prune.plan(lake, keep=5)
    assert [path for parts in again.dropped.values() for path in parts] == [
        path for path in planned.dropped[DAYS[0]][renames:] if renames
    ]
    prune.carry_out(again)
    assert list(Path(lake.staging("")).iterdir()) == []
    expected = DAYS[1:] if renames else DAYS
    assert days(lake) == dict.fromkeys(OF_A_RUN, expected)


def test_a_date_that_was_run_again_after_its_pruning_was_stopped_stays(lake: Lake) -> None:
    area = stage(lake, f"pruned-{DAYS[1]}-a", hours_ago=1)
    planned = prune.plan(lake, keep=5)
    assert (planned.dropped, [part.path for part in planned.leftovers]) == ({}, [area])


@pytest.mark.parametrize("is_young", [True, False])
def test_a_date_that_an_attempt_stages_now_is_spared(lake: Lake, is_young: bool) -> None:
    stage(lake, f"{DAYS[0]}-a", hours_ago=2 if is_young else 25)
    planned = prune.plan(lake, keep=3)
    assert planned.spared == DAYS[: int(is_young)]
    assert list(planned.dropped) == DAYS[int(is_young) : 2]


def test_a_date_whose_stages_have_told_something_newer_than_its_report_is_spared(lake: Lake) -> None:
    for path in (Path(lake.partition(RUNS, DAYS[0])), Path(lake.partition(REPORTS, DAYS[1]))):
        age(path, hours_ago=2)
    planned = prune.plan(lake, keep=3)
    # The second was run again, to its report: it is old, and done.
    assert (planned.spared, list(planned.dropped)) == ([DAYS[0]], [DAYS[1]])


def test_a_run_that_begins_while_others_are_removed_is_spared(lake: Lake) -> None:
    planned = prune.plan(lake, keep=3)
    stage(lake, f"{DAYS[1]}-a", hours_ago=0)
    prune.carry_out(planned)
    assert days(lake) == dict.fromkeys(OF_A_RUN, DAYS[1:])


def test_what_killed_attempts_left_goes_when_no_run_can_still_own_it(lake: Lake) -> None:
    old = [stage(lake, name, hours_ago=25) for name in (f"{DAYS[3]}-a", "0" * 32)]
    young = stage(lake, f"{DAYS[3]}-b", hours_ago=23)
    planned = prune.plan(lake, keep=5)
    assert [part.bytes for part in planned.leftovers] == [5, 5]
    prune.carry_out(planned)
    assert [path.exists() for path in (*old, young)] == [False, False, True]


def test_the_only_copy_of_a_partition_stays_until_its_date_has_been_run_again(lake: Lake) -> None:
    area = stage(lake, f"{DAYS[3]}-a", hours_ago=26)
    Path(lake.partition(SESSIONS, DAYS[3])).rename(area / "sessions.replaced-0")
    age(area, hours_ago=26)
    assert prune.plan(lake, keep=5).held == [area]

    age(Path(lake.partition(REPORTS, DAYS[3])), hours_ago=25)
    planned = prune.plan(lake, keep=5)
    assert ([part.path for part in planned.leftovers], planned.held) == ([area], [])


def test_a_link_goes_and_what_it_leads_to_stays(lake: Lake, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    Path(lake.partition(LISTENS, DAYS[0])).rename(elsewhere)
    Path(lake.partition(LISTENS, DAYS[0])).symlink_to(elsewhere)
    Path(lake.staging("")).mkdir()
    Path(lake.staging("a")).symlink_to(elsewhere)
    os.utime(lake.staging("a"), (0, 0), follow_symlinks=False)
    prune.carry_out(prune.plan(lake, keep=4))
    assert days(lake) == dict.fromkeys(OF_A_RUN, DAYS[1:])
    assert list(Path(lake.staging("")).iterdir()) == []
    assert (elsewhere / "part-0").read_bytes() == b"0123456789"


def test_a_lake_without_a_run_has_nothing_to_prune(tmp_path: Path) -> None:
    planned = prune.plan(Lake(str(tmp_path)), keep=1, now=datetime.now(UTC) + timedelta(days=1))
    assert (planned.dropped, planned.leftovers, planned.bytes) == ({}, [], 0)
