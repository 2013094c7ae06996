from __future__ import annotations

from include.compilers import MUCH_INPUT, java_options


def test_little_input_is_left_to_javas_first_compiler_and_much_to_both() -> None:
    found = [java_options(size) for size in (0, MUCH_INPUT - 1, MUCH_INPUT)]
    assert found == ["-XX:TieredStopAtLevel=1", "-XX:TieredStopAtLevel=1", ""]
