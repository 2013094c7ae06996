"""What a person at the terminal sees of text that anybody may have written."""

from __future__ import annotations

import pytest

from scripts.terminal import console, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[bold]Song[/]", "[bold]Song[/]"),
        ("a\x1b[2J\x1b]0;title\x07b", r"a\x1b[2J\x1b]0;title\x07b"),
        ("\x9b2J", r"\x9b2J"),
        ("a\rb", r"a\x0db"),
        ("坂本龍一\n don\u2019t", "坂本龍一\n don\u2019t"),
    ],
)
def test_text_is_shown_as_it_is_and_moves_no_cursor(text: str, shown: str) -> None:
    with console.capture() as said:
        console.print(plain(text), end="")
    assert said.get() == shown
