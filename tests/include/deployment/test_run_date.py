from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest

from include.deployment.run_date import run_date

MIDNIGHT = datetime(2009, 5, 4, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("logical_date", "expected"),
    [
        pytest.param(MIDNIGHT, date(2009, 5, 4), id="scheduled: the interval's start"),
        pytest.param(MIDNIGHT.replace(hour=17), date(2009, 5, 4), id="by hand, at some time of a day"),
        pytest.param(None, date(2026, 11, 20), id="without a date: the day it may run from"),
        pytest.param(MIDNIGHT.astimezone(timezone(timedelta(hours=-8))), date(2009, 5, 4), id="in another zone"),
    ],
)
def test_every_run_has_one_utc_run_date(logical_date: datetime | None, expected: date) -> None:
    assert run_date(SimpleNamespace(logical_date=logical_date, run_after=NOW)) == expected
