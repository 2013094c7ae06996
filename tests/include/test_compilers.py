from __future__ import annotations

from include.compilers import LARGE_LOG, java_options


def test_a_small_log_is_left_to_javas_first_compiler_and_a_large_one_to_both() -> None:
    found = [java_options(size) for size in (0, LARGE_LOG - 1, LARGE_LOG)]
    assert found == ["-XX:TieredStopAtLevel=1", "-XX:TieredStopAtLevel=1", ""]
