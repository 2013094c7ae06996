from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType

import pytest

from include.expectations.any_log import checks as any_log
from include.expectations.find import NoCheckError, tables_of
from include.expectations.listening import checks
from spark_jobs.logs.listening.contract import LISTENING

TOY = replace(LISTENING, name="toy")


@pytest.mark.parametrize("table", ["listens", "sessions", "top_songs"])
def test_own_check_of_a_log_comes_first(table: str) -> None:
    assert tables_of(LISTENING, table) is getattr(checks, table)


def test_log_without_own_checks_has_the_common_ones() -> None:
    assert tables_of(TOY, "listens") is any_log.events
    assert tables_of(TOY, "sessions") is any_log.sessions


def test_own_checks_may_leave_some_to_the_common_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    own = ModuleType("include.expectations.toy.checks")
    own.top_songs = checks.top_songs  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "include.expectations.toy", ModuleType("include.expectations.toy"))
    monkeypatch.setitem(sys.modules, own.__name__, own)
    assert tables_of(TOY, "top_songs") is checks.top_songs
    assert tables_of(TOY, "listens") is any_log.events


def test_answers_without_a_check_are_refused() -> None:
    name = TOY.answer
    with pytest.raises(NoCheckError, match=f"toy.{name}; write the function {name} in include.expectations.toy.checks"):
        tables_of(TOY, name)
