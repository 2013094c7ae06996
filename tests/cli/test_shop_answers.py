"""The terminal shows the shop's funnel and main numbers at the end of a run."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from upath import UPath

from cli.answers.shop import show
from spark_jobs.shared.lake import Lake
from tests.include.report.shop.conftest import small_shop
from tests.include.report.shop.finished import finish, leave_facts
from tests.shop_logs import RUN_DATE


def test_funnel_and_main_numbers_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = Lake(str(tmp_path / "lake"), "shop")
    finish(shop, small_shop(), RUN_DATE - timedelta(days=1))
    leave_facts(shop, RUN_DATE - timedelta(days=1))
    finish(shop, small_shop())
    report = show(UPath(leave_facts(shop, RUN_DATE)))
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "The funnel by session"
    assert [line.split("│")[1:-1] for line in lines if "Checkout" in line] == [
        [" Checkout start ", "        1 ", "              50.0% ", "        50.0% "]
    ]
    assert lines[-5:] == [
        "Conversion of sessions: 33.3%, unchanged",
        "Orders: 2, unchanged",
        "Net revenue: 1,005.00 EUR, unchanged",
        "Cart abandonment: 50.0%, unchanged",
        "Quality score 99.50: of 16 records 16 kept, 0 rejected; 3 sessions of 3 users",
    ]
    assert report.summary.orders == 2
