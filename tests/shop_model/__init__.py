"""The shop log's rules in plain Python: what the jobs must agree with, written without a look at them.

`judge` goes from raw lines to accepted rows and counts; `answers` from rows to every answer and its file's text.
Where the rules can be read in two ways, the docstring of the function says which one it takes.
"""

from tests.shop_model.answers import Answers, answers
from tests.shop_model.funnel import funnel_paths
from tests.shop_model.judged import Judged, judge, masked
from tests.shop_model.rows import Event, Item, Product, Transaction, User
from tests.shop_model.sessions import Session, sessions_of

__all__ = [
    "Answers",
    "Event",
    "Item",
    "Judged",
    "Product",
    "Session",
    "Transaction",
    "User",
    "answers",
    "funnel_paths",
    "judge",
    "masked",
    "sessions_of",
]
