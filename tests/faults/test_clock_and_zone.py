"""A machine whose zone or clock is not what anybody expects: the lake holds the same."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spark_jobs.shared.lake import Lake
from tests.faults.conftest import DAY, Whole
from tests.faults.processes import submitted
from tests.faults.stages import STAGES, answers, arguments
from tests.faults.test_two_at_once import ALL_STAGES
from tests.stack.tools import compiler

# Every way in which Java and Python ask for the time of day, some seconds off.
CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long shift(void) { const char *s = getenv("CLOCK_SHIFT"); return s ? atol(s) : 0; }
int clock_gettime(clockid_t id, struct timespec *now) {
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(id, now);
    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) now->tv_sec += shift();
    return done;
}
int gettimeofday(struct timeval *now, void *zone) {
    struct timespec exact;
    int done = clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return done;
}
time_t time(time_t *now) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (now) *now = exact.tv_sec;
    return exact.tv_sec;
}
"""
CENTURY = timedelta(days=36_525)


@pytest.fixture(scope="session")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that puts the clock of a process off."""
    source = tmp_path_factory.mktemp("clock") / "clock.c"
    source.write_text(CLOCK)
    library = source.with_suffix(".so")
    subprocess.run([compiler(), "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    return library


@dataclass(frozen=True)
class Expected:
    """The rows and records that a run with the normal clock and zone leaves; the records without durations."""

    rows: dict[str, list[tuple[Any, ...]]]
    records: dict[str, dict[str, Any]]


@pytest.fixture
def expected(whole: Whole, lake: Lake) -> Expected:
    return Expected(whole.answers[DAY], records(lake))


def run(lake: Lake, log: Path, java_options: str, variables: dict[str, str]) -> None:
    given = arguments("data_quality", lake, DAY, log)
    with submitted(ALL_STAGES, given, {}, java_options, variables) as job:
        said = job.communicate()[0]
    assert job.returncode == 0, said


def records(lake: Lake) -> dict[str, dict[str, Any]]:
    """The records of the date's stages, but for their snapshots and how long they took."""
    found = {stage: json.loads(Path(lake.stage_record(stage, DAY)).read_bytes()) for stage in STAGES}
    for record in found.values():
        for name in ("seconds", "snapshots", "made_from", "added"):
            record.pop(name, None)
        record.get("alternatives", {}).pop("seconds", None)
    return found


def assert_same(lake: Lake, expected: Expected) -> None:
    """The same rows of every table, and the same records."""
    assert answers(lake, DAY) == expected.rows
    assert records(lake) == expected.records


@pytest.mark.parametrize(
    ("zone", "java_zone"), [("Pacific/Kiritimati", "America/St_Johns"), ("America/St_Johns", "Pacific/Kiritimati")]
)
def test_time_zones_of_machine_and_java_change_nothing(
    expected: Expected, lake: Lake, log: Path, zone: str, java_zone: str
) -> None:
    run(lake, log, f"-Duser.timezone={java_zone}", {"TZ": zone})
    assert_same(lake, expected)


def test_clock_that_is_ahead_changes_no_row(expected: Expected, lake: Lake, log: Path, clock: Path) -> None:
    run(lake, log, "", shifted(clock, CENTURY))
    assert_same(lake, expected)


def test_clock_that_is_behind_is_refused(expected: Expected, lake: Lake, log: Path, clock: Path) -> None:
    given = arguments("data_quality", lake, DAY, log)
    with submitted(ALL_STAGES, given, {}, "", shifted(clock, -CENTURY / 2)) as job:
        said = job.communicate()[0]
    assert job.returncode == 1
    (error,) = [line for line in said.splitlines() if line.startswith("ERROR ")]
    assert "set the clock, then clear the task" in error

    # Java still reads the tables, and writes them.
    run(lake, log, "", {})
    assert_same(lake, expected)


def shifted(clock: Path, shift: timedelta) -> dict[str, str]:
    """The variables of a process whose clock is off."""
    variables = {"LD_PRELOAD": str(clock), "CLOCK_SHIFT": str(int(shift.total_seconds()))}
    command = ["date", "-u", "+%Y"]
    shown = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=True).stdout
    assert int(shown) == (datetime.now(UTC) + shift).year
    return variables
