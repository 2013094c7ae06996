"""A daily load of notes adds what is new, and leaves what one full load would leave."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pyspark.sql import SparkSession

from spark_jobs.shared import loads
from spark_jobs.shared.lake import Lake
from tests import notes_model
from tests.spark_jobs.logs.notes.judged import Judged, judge, publish
from tests.spark_jobs.logs.notes.test_agreement import assert_alike

HEADERS = {
    "interactions": b"user_id,timestamp,action_type,page_id,duration_ms,load_ms,app_version\n",
    "users": b"subscription_type,user_id,join_date,country,device_type,device_year\n",
}
FIRST, SECOND, THIRD = date(2024, 5, 1), date(2024, 5, 2), date(2024, 5, 3)
# A record may come again, in other words too; of a user's records the first one stays, whenever it comes.
ARRIVED = {
    FIRST: {
        "interactions": b"ann,2024-05-01T12:00:00Z,edit,a,5,,1.0.0\nben,2024-04-01T12:00:00Z,edit,a,,,1.0.0\n",
        "users": b"free,ann,2024-05-02,DE,phone,2020\nfree,ben,2024-03-01,DE,phone,2020\n",
    },
    SECOND: {
        "interactions": b'ann,2024-05-01T14:00:00+02:00,edit,"a",05,,1.0.0\n'
        b'eve,2024-05-02T09:00:00Z,edit,"b\nb",,,1.0.0\n',
        "users": b"free,ann,2024-01-01,FR,phone,2020\nfree,ann,2024-05-02,DE,phone,2020\n"
        b"free,ann,2024-01-02,DE,phone,2020\nfree,ben,2024-03-01,DE,phone,2021\nfree,cat,2024-05-02,DE,phone,2020\n",
    },
    THIRD: {
        "interactions": b"dan,2024-05-02T09:00:00Z,edit,a,,,1.0.0\n",
        "users": b"free,ann,2024-05-02,DE,phone,2020\nfree,dan,2024-05-03,DE,phone,2020\n",
    },
}


def files_of(day: date) -> dict[str, bytes]:
    return {f"{kind}/{day}.csv": HEADERS[kind] + lines for kind, lines in ARRIVED[day].items()}


def test_days_leave_what_one_load_leaves(spark: SparkSession, tmp_path: Path) -> None:
    lake, loaded = Lake(str(tmp_path / "lake"), "notes"), list[Judged]()
    for day in ARRIVED:
        loaded.append(judge(spark, lake, files_of(day), day, loads.DAILY))
        publish(lake, loaded[-1])
    whole = notes_model.judge({path: file for day in ARRIVED for path, file in files_of(day).items()}, THIRD)

    assert_alike(loaded[-1], whole)
    assert [day.record.others["users"].replaced for day in loaded] == [0, 1, 0]
    assert [day.record.others["users"].log.events for day in loaded] == [2, 3, 4]
    assert [day.record.log.events for day in loaded] == [2, 3, 4]
    assert [day.reasons["users"] for day in loaded] == [
        {},
        {"duplicate": 1, "conflicting_user": 2},
        {"conflicting_user": 1},
    ]
    assert [day.reasons["interactions"] for day in loaded] == [{}, {"duplicate": 1}, {}]
    # Over the whole log, as it is after each day.
    assert [day.record.log_warnings["interactions"] for day in loaded] == [
        {"longer_than_8_hours": 0, "unknown_user": 0, "before_join_date": 1},
        {"longer_than_8_hours": 0, "unknown_user": 1, "before_join_date": 0},
        {"longer_than_8_hours": 0, "unknown_user": 1, "before_join_date": 1},
    ]
