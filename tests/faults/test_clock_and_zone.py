"""A machine whose zone or clock is not what anybody expects: the lake holds the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spark_jobs.shared.lake import Lake
from tests.faults.conftest import DAY
from tests.faults.processes import submitted
from tests.faults.stages import STAGES, answers, arguments, not_whole
from tests.faults.test_two_at_once import ALL_STAGES

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
    compiler = shutil.which("cc")
    if compiler is None:
        # Nothing that pip installs moves the clock of a Java: the calls it makes have to be replaced, in C.
        pytest.skip("no C compiler here to make another clock with: install gcc")
    source = tmp_path_factory.mktemp("clock") / "clock.c"
    source.write_text(CLOCK)
    library = source.with_suffix(".so")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    return library


def run(lake: Lake, log: Path, java_options: str, variables: dict[str, str]) -> None:
    shutil.rmtree(lake.root)
    given = arguments("data_quality", lake, DAY, log)
    with submitted(ALL_STAGES, given, {}, java_options, variables) as job:
        said = job.communicate()[0]
    assert job.returncode == 0, said


def without_seconds(record: dict) -> dict:
    left = {key: value for key, value in record.items() if key != "seconds"}
    if "alternatives" in left:
        del left["alternatives"]["seconds"]
    return left


def assert_same(lake: Lake, expected: Lake) -> None:
    """The same rows of every dataset, and the same records but for how long it took."""
    assert (answers(lake, DAY), not_whole(lake, DAY)) == (answers(expected, DAY), {})
    for stage in STAGES:
        records = [json.loads(Path(one.stage_record(stage, DAY)).read_bytes()) for one in (lake, expected)]
        assert without_seconds(records[0]) == without_seconds(records[1])


@pytest.mark.parametrize(
    ("zone", "java_zone"), [("Pacific/Kiritimati", "America/St_Johns"), ("America/St_Johns", "Pacific/Kiritimati")]
)
def test_the_zones_of_the_machine_and_of_java_change_no_row(
    undamaged: Lake, lake: Lake, log: Path, zone: str, java_zone: str
) -> None:
    run(lake, log, f"-Duser.timezone={java_zone}", {"TZ": zone})
    assert_same(lake, undamaged)


@pytest.mark.parametrize("shift", [pytest.param(-CENTURY / 2, id="50 years behind"), pytest.param(CENTURY, id="ahead")])
def test_a_clock_that_is_wrong_by_years_changes_no_row(
    undamaged: Lake, lake: Lake, log: Path, clock: Path, shift: timedelta
) -> None:
    variables = {"LD_PRELOAD": str(clock), "CLOCK_SHIFT": str(int(shift.total_seconds()))}
    shown = subprocess.run(
        ["date", "-u", "+%Y"], env=os.environ | variables, capture_output=True, text=True, check=True
    ).stdout
    assert int(shown) == (datetime.now(UTC) + shift).year
    run(lake, log, "", variables)
    assert_same(lake, undamaged)
