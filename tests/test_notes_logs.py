"""The logs that Hypothesis makes reach every rule, and their files say what their rows say."""

from __future__ import annotations

import gzip
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_jobs.contract import Records
from spark_jobs.logs.notes.contract import NOTES
from tests.notes_faults import BLANKS, BREAKAGES, ODD
from tests.notes_files import days_of, file_of, files_of, layouts, notes_files, record_of, spelled, texts_of, written
from tests.notes_logs import RUN_DATE, RUN_DATES, NotesLog, crowds, notes_logs
from tests.notes_model import Judged, answers, judge, sessions_of
from tests.notes_model import files_of as texts
from tests.notes_model.csv_records import records_of
from tests.notes_model.judged import WARNINGS
from tests.notes_model.records import NAMES
from tests.notes_model.sessions import GAP, timed
from tests.notes_rows import GOOD

DAYS = [RUN_DATE - timedelta(days=days) for days in (2, 1, 0)]


@settings(max_examples=30)
@given(st.sampled_from(RUN_DATES), st.data())
def test_rows_and_their_files_say_the_same(run_date: date, data: st.DataObject) -> None:
    log = data.draw(notes_logs(2, run_date))
    judged = judge(files_of(log), run_date)
    assert judged.rejected == []
    assert judged.accepted == {"interactions": log.interactions, "users": log.users}


@settings(max_examples=30)
@given(notes_logs(2), st.integers(0, 99), st.data())
def test_spelling_changes_no_value(log: NotesLog, seed: int, data: st.DataObject) -> None:
    random, files = Random(seed), {}
    for kind, rows in (("interactions", log.interactions), ("users", log.users)):
        layout = data.draw(layouts(kind))
        records = [record_of(random, layout, spelled(random, texts_of(row))) for row in rows]
        files[f"{kind}/a.csv"] = file_of(random, layout, records)
    judged = judge(files, RUN_DATE)
    assert judged.accepted == {"interactions": log.interactions, "users": log.users}


def counted(judged: Judged) -> tuple:
    return judged.reasons, judged.warnings, {kind: set(rows) for kind, rows in judged.accepted.items()}


@settings(max_examples=30)
@given(notes_files(2), st.integers(0, 99))
def test_days_add_up_to_the_whole(files: dict[str, bytes], seed: int) -> None:
    dealt = days_of(files, DAYS, Random(seed))
    together = {}
    for day, own in dealt.items():
        together |= {path.replace("/", f"/{day}/", 1): content for path, content in own.items()}
        if day < RUN_DATE:
            early = judge(own, day).reasons["interactions"]["implausible_time"]
            assert early == judge(own, RUN_DATE).reasons["interactions"]["implausible_time"]
    assert counted(judge(together, RUN_DATE)) == counted(judge(files, RUN_DATE))


@pytest.mark.parametrize("records", NOTES.kinds, ids=lambda records: records.name)
def test_faults_reach_every_reason(records: Records) -> None:
    kind, good = records.name, GOOD[records.name]
    record = ",".join(good.values()).encode()
    lines = [broken(record) for broken in BREAKAGES.values()]
    for name in NAMES[kind]:
        lines += [",".join(map(written, (good | {name: text}).values())).encode() for text in (*BLANKS, *ODD[name])]
    judged = judge({f"{kind}/a.csv": b"\n".join([",".join(good).encode(), record, *lines, b'"'])}, RUN_DATE)
    assert set(judged.reasons[kind]) | {"conflicting_user"} >= set(records.reason_names)


def test_files_have_every_shape() -> None:
    seen = Counter()

    @settings(max_examples=60, database=None)
    @given(notes_files(2))
    def collect(files: dict[str, bytes]) -> None:
        judged = judge(files, RUN_DATE)
        names = ("duplicate", "malformed_csv", "invalid_encoding", "field_count", "conflicting_user")
        reasons = judged.reasons["interactions"] + judged.reasons["users"]
        seen.update({name: name in reasons for name in names})
        seen.update({name: name in judged.warnings for name in WARNINGS})
        seen.update({"ignored columns": bool(judged.ignored_columns), "left out": bool(judged.left_out)})
        seen.update("packed" for path in files if path.endswith(".gz"))
        for text in (gzip.decompress(one) if path.endswith(".gz") else one for path, one in files.items()):
            fields = [field for record in records_of(text) for field in record.fields]
            seen.update(
                {
                    "line ends in quotes": any("\n" in field for field in fields),
                    "quotes in quotes": any('"' in field for field in fields),
                    "marks": text.startswith(b"\xef\xbb\xbf"),
                    "no last end": not text.endswith((b"\n", b"\r")),
                    "CR LF": b"\r\n" in text,
                }
            )

    collect()
    assert min(seen.values()) >= 5, seen


def test_rows_reach_the_boundaries() -> None:
    seen = Counter()

    @settings(max_examples=80, database=None)
    @given(notes_logs(3))
    def collect(log: NotesLog) -> None:
        seen.update(boundaries(log))

    collect()
    assert min(seen.values()) >= 5, seen
    assert len(seen) == 12


def boundaries(log: NotesLog) -> dict[str, bool]:
    rows = timed(log.interactions)
    own = [(one, after) for one, after in pairwise(rows) if one.row.user_id == after.row.user_id]
    pauses = {after.row.occurred_at - one.row.occurred_at for one, after in own}
    cut = [pair for pair in own if timedelta(milliseconds=pair[0].row.duration_ms or 0) > pair[0].active]
    days = {one.occurred_at.date() for one in log.interactions}
    sessions = sessions_of(log.interactions, log.users)
    return {
        "one instant": timedelta(0) in pauses,
        "exactly the gap": GAP in pauses,
        "just more": GAP + timedelta(milliseconds=1) in pauses,
        "cut within a session": any(after.row.occurred_at - one.row.occurred_at <= GAP for one, after in cut),
        "cut by the next session": any(after.row.occurred_at - one.row.occurred_at > GAP for one, after in cut),
        "just up to the next": any(one.end == after.row.occurred_at and one.active for one, after in own),
        "no duration": any(session.duration is None for session in sessions),
        "after D": RUN_DATE + timedelta(days=1) in days,
        "first of the window": RUN_DATE - timedelta(days=27) in days,
        "just before the window": RUN_DATE - timedelta(days=28) in days,
        "unknown users": any(session.user is None for session in sessions),
        "26 weeks": any(day < RUN_DATE - timedelta(weeks=26) for day in days),
    }


def test_crowds_have_enough_values_and_just_not() -> None:
    seen = Counter()

    @settings(max_examples=60, database=None)
    @given(crowds())
    def collect(log: NotesLog) -> None:
        tables = answers(log.interactions, log.users, RUN_DATE)
        for name, column in (("load_times", "p95_ms"), ("load_times", "p99_ms"), ("device_correlation", "spearman")):
            seen.update(f"{column} {row[column] is None}" for row in tables[name])
        seen.update(f"z {row['metric']} {row['z'] is None}" for row in tables["anomalies"])
        seen.update(f"flagged {row['flagged']}" for row in tables["anomalies"])
        seen.update(f"rank {row['rank']}" for row in tables["power_users"])
        seen.update(f"segment {row['segment']}" for row in tables["country_segments"])
        assert texts(tables)

    collect()
    expected = [f"{column} {is_null}" for column in ("p95_ms", "p99_ms", "spearman") for is_null in (True, False)]
    expected += [
        "z dau False",
        "z p95_load_ms False",
        "z sessions False",
        "flagged True",
        "rank 1",
        "rank 2",
        "segment DE",
        "segment other",
    ]
    assert [name for name in expected if not seen[name]] == []
