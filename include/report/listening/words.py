"""What people call the records of `listening`."""

from __future__ import annotations

from include.report.text import Nouns

NOUNS = Nouns(record="line", event="listen")
