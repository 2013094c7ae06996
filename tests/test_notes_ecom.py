"""The notes' model on a clickstream whose counts are known."""

from __future__ import annotations

from collections import Counter

from tests.ecom import RUN_DATE, notes_files
from tests.notes_model import judge, sessions_of
from tests.notes_model.activity import daily_engagement


def test_model_agrees_with_known_counts() -> None:
    judged = judge(notes_files(), RUN_DATE)
    interactions = judged.accepted["interactions"]
    assert judged.reasons["interactions"] == Counter(duplicate=30)
    assert len(interactions) == 31_076
    sessions = sessions_of(interactions, [])
    assert len(sessions) == 3_605
    assert sum(session.is_bounced for session in sessions) == 231
    # The last day of a month is the one that stays.
    months = {row["date"].month: row["mau_month_to_date"] for row in daily_engagement(interactions, RUN_DATE)}
    assert list(months.values()) == [63, 169, 309, 453, 468, 462]
