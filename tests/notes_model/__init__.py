"""The notes log's rules in plain Python: what the jobs must agree with, written without a look at them.

`judge` goes from files to accepted rows and counts, `sessions_of` to sessions, `answers` to the rows of every answer,
and `files_of` to the texts of their files. Where the rules can be read in two ways, the docstring of the function says
which one it takes.
"""

from tests.notes_model.answers import COLUMNS, answers, files_of
from tests.notes_model.csv_records import HeaderError
from tests.notes_model.judged import KINDS, Judged, Rejected, judge, warnings_of
from tests.notes_model.rows import Interaction, User
from tests.notes_model.sessions import Session, session_rows, sessions_of

__all__ = [
    "COLUMNS",
    "KINDS",
    "HeaderError",
    "Interaction",
    "Judged",
    "Rejected",
    "Session",
    "User",
    "answers",
    "files_of",
    "judge",
    "session_rows",
    "sessions_of",
    "warnings_of",
]
