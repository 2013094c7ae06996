from __future__ import annotations

from include.deployment.compilers import MUCH_INPUT, ONE_COMPILER, java_options


def test_only_large_input_gets_javas_second_compiler() -> None:
    found = [java_options(size) for size in (0, MUCH_INPUT - 1, MUCH_INPUT)]
    assert found == [ONE_COMPILER, ONE_COMPILER, ""]
