from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.shared.paths import in_ascii, is_below, path_of, shown

NAMES = st.binary(min_size=1, max_size=12).map(lambda name: b"/" + name.replace(b"\0", b""))


@given(NAMES)
def test_ascii_text_means_the_same_path(path: bytes) -> None:
    assert in_ascii(path).isascii()
    assert path_of(in_ascii(path)) == path


@given(NAMES, NAMES)
def test_different_paths_are_shown_differently(one: bytes, other: bytes) -> None:
    assert shown(one).isprintable()
    assert (shown(one) == shown(other)) == (one == other)


def test_below_compares_whole_names() -> None:
    assert is_below(b"/logs/day", b"/logs")
    assert is_below(b"/logs", b"/logs")
    assert not is_below(b"/logs-of-others/day", b"/logs")
