"""The answers of the notes agree with one another, and a change of any of them shows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from include.deployment.log_settings import log_settings
from include.expectations.checkpoint import failures, validate
from include.expectations.notes import checks, suites
from include.expectations.notes.agreements import differences
from include.expectations.notes.checks import dau_change_percent, days_until, rejected_percents, unusual_metrics
from include.expectations.notes.suites import AGREEMENTS
from include.expectations.table import Table, counts_table
from spark_jobs.logs.notes.contract import NOTES
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord
from tests.include.report.notes.conftest import everything
from tests.include.report.notes.finished import finish
from tests.jobs import knowing
from tests.notes_logs import NotesLog
from tests.notes_model import answers, sessions_of
from tests.notes_rows import D
from tests.published import write_tables
from tests.records import told

LOG = everything()
FOUND = answers(LOG.interactions, LOG.users, D)
SESSIONS = sessions_of(LOG.interactions, LOG.users)
USERS = len({session.user_id for session in SESSIONS})
LIMITS = log_settings(NOTES)()
AGREED = dict.fromkeys(AGREEMENTS, 0.0)


def answered(log: NotesLog) -> dict[str, list[dict[str, Any]]]:
    return answers(log.interactions, log.users, D)


def frame(name: str) -> pd.DataFrame:
    return pd.DataFrame(FOUND[name])


def found(**changed: pd.DataFrame) -> dict[str, float]:
    """The differences between the answers, some of which are changed."""
    given = {name: frame(name) for name in FOUND if name != "warnings"}
    return differences(given | changed, USERS, len(SESSIONS))


def failed(table: Table, directory: Path) -> list[str]:
    """What makes an answer worse."""
    found = failures(validate("check", table, D, str(directory)))
    return [failure.sentence for failure in found if failure.severity.value != "info"]


def test_answers_of_the_model_agree() -> None:
    assert found() == AGREED


@pytest.mark.parametrize(
    ("answer", "place", "column", "differing"),
    [
        ("daily_engagement", 0, "dau", {"days_dau_above_wau": 1, "days_dau_above_month": 1, "days_dau_differs": 1}),
        ("daily_engagement", 0, "wau_7d", {"days_wau_above_mau": 1}),
        ("daily_engagement", 0, "new_users", {"new_users_not_in_cohorts": 1, "new_users_beyond_users": 1}),
        ("daily_engagement", -1, "mau_28d", {"active_users_not_in_days": 1}),
        ("active_days", 4, "users", {"active_users_not_in_days": 1, "user_days_not_in_days": 5}),
        ("retention", 0, "cohort_size", {"new_users_not_in_cohorts": 1, "cohorts_that_begin_smaller": 1}),
        ("retention", 0, "retained_in", {"cohorts_above_their_size": 1, "cohorts_that_begin_smaller": 1}),
        ("country_segments", 0, "users", {"users_not_in_country_segments": 1}),
        ("device_segments", 0, "sessions", {"sessions_not_in_device_segments": 1}),
        ("subscription_segments", 0, "users", {"users_not_in_subscription_segments": 1}),
        ("anomalies", 0, "value", {"days_dau_differs": 1}),
    ],
)
def test_answer_that_says_one_more_shows(answer: str, place: int, column: str, differing: dict[str, float]) -> None:
    changed = frame(answer)
    changed.loc[changed.index[place], column] += 1
    assert found(**{answer: changed}) == AGREED | differing


def test_cohort_that_grows_again_shows() -> None:
    changed = frame("retention")
    over = changed[(changed.week == 1) & changed.retained_in.notna()].index
    changed.loc[over, "retained_in_or_after"] = changed.loc[over, "cohort_size"]
    changed.loc[over - 1, "retained_in_or_after"] = changed.loc[over - 1, "retained_in"] - 1
    assert found(retention=changed)["cohorts_that_grow_again"] == len(over)


def test_load_times_that_contradict_show() -> None:
    changed = frame("load_times")
    changed.loc[changed.date.notna() & (changed.app_version == "1.0.0"), ["count", "p50_ms"]] += 10_000
    assert found(load_times=changed) == AGREED | {"loads_of_days_beyond_all": 1, "percentiles_that_fall": 1}


def test_power_users_that_contradict_show() -> None:
    better = {"rank": 1, "user_id": "a", "active_hours": 1.0, "active_days": 1, "share_of_active_time": 0.75}
    changed = pd.DataFrame([better, {**better, "rank": 2, "user_id": "b", "active_hours": 2.0}])
    differing = {"power_users_out_of_order": 1, "share_beyond_all": pytest.approx(0.5)}
    assert found(power_users=changed) == AGREED | differing


def test_answers_of_an_empty_log_agree() -> None:
    empty = answered(NotesLog())
    columns = {name: list(FOUND[name][0]) for name in FOUND if name != "warnings"}
    given = {name: pd.DataFrame(empty[name], columns=columns[name]) for name in columns}
    assert differences(given, 0, 0) == AGREED


@pytest.mark.parametrize(
    ("before", "now", "percent"), [(100, 40, 60), (30, 60, 100), (29, 60, None), (None, 60, None), (100, 0, 100)]
)
def test_sudden_change_of_users_is_measured(before: int | None, now: int, percent: float | None) -> None:
    known = {D: now} | ({D - timedelta(days=7): before} if before else {})
    days = pd.DataFrame({"date": list(known), "dau": list(known.values())})
    assert dau_change_percent(days, D) == percent


def test_change_beyond_the_limit_degrades(tmp_path: Path) -> None:
    suite = suites.agreement(LIMITS, D - timedelta(days=7))
    counts = {**AGREED, "unusual_metrics": 2, "dau_change_percent": 51.0}
    result = validate("check", counts_table(counts, suite), D, str(tmp_path))
    changed, unusual = failures(result)
    assert (changed.severity.value, unusual.severity.value) == ("warning", "info")
    assert "daily active users are at most 50 % from those of 2024-05-03, a week before" in changed.sentence
    assert "no metric of the run date is an anomaly" in unusual.sentence


def test_only_the_run_dates_anomalies_count() -> None:
    rows = [{"date": day, "flagged": True} for day in (D, D, D - timedelta(days=1))]
    assert unusual_metrics(pd.DataFrame(rows), D) == 2


def judged(**parts: Any) -> DataQualityRecord:
    record = told(NOTES, "data_quality", D, parts)
    assert isinstance(record, DataQualityRecord)
    return record


def test_rejected_are_counted_by_kind() -> None:
    counts = {"records_read": 200, "events_accepted": 199, "records_rejected": 1}
    of_users = {"records_read": 4, "events_accepted": 2, "records_rejected": 2}
    kind = {
        "rejected": {},
        "warnings": {},
        "replaced": 0,
        "log": {"events": 2, "first_event_at": None, "last_event_at": None},
    }
    found = rejected_percents(judged(counts=counts, others={"users": {"counts": of_users, **kind}}))
    assert found == {"rejected_interactions_percent": 0.5, "rejected_users_percent": 50}


@pytest.mark.parametrize(
    ("first", "days"),
    [(None, 0), ("2024-05-10T23:59:59Z", 1), ("2024-05-01T00:00:00Z", 10), ("2024-05-11T00:00:00Z", 0)],
)
def test_days_are_counted_up_to_the_run_date(first: str | None, days: int) -> None:
    assert days_until(judged(log={"events": 1, "first_event_at": first}), D) == days


@pytest.mark.parametrize("log", [LOG, NotesLog()], ids=["everything", "nothing"])
def test_checkpoint_of_true_answers_meets_all(spark: SparkSession, tmp_path: Path, log: NotesLog) -> None:
    lake = Lake(str(tmp_path / "lake"), "notes")
    finish(lake, log.interactions, log.users)
    snapshots = write_tables(lake, D, {name: rows for name, rows in answered(log).items() if name != "warnings"})
    found = checks.daily_engagement(knowing(spark, lake), lake, D, snapshots)
    assert [failed(table, tmp_path) for table in found] == [[], []]
