"""CSV as Python's `csv` reads it, in regular expressions for Java and Python alike.

A quote opens only at the beginning of a field, and `""` within quotes is one quote. Text behind a closing quote belongs
to the field, a quote within other text is a character, and so is a backslash. Outside of quotes LF, CRLF and CR end a
record.
"""

from __future__ import annotations

# All repetitions are possessive: a line of a million quotes then needs no memory.
_TO_CLOSING_QUOTE = '[^"]*+(?:""[^"]*+)*+"'
QUOTED = f'(?:"{_TO_CLOSING_QUOTE}|(?!"))'
_BEHIND_QUOTE = "[^,\r\n]*+"
# A field from its beginning, and one from a place within its quotes; neither matches where the quotes stay open.
FIELD = QUOTED + _BEHIND_QUOTE
REST_OF_FIELD = _TO_CLOSING_QUOTE + _BEHIND_QUOTE
# A record, with the CR of its line's end.
RECORD = f"{FIELD}(?:,{FIELD})*+\r?"
