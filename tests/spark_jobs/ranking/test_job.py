from __future__ import annotations

import gzip
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.lake.stamps import stamp_of
from spark_jobs.logs.listening.tables import LISTENS, SESSIONS
from spark_jobs.ranking import job as ranking
from spark_jobs.ranking.job import RankingJob, parse_args
from spark_jobs.ranking.listeners import HEADER
from spark_jobs.ranking.record import Alternatives, Profiles
from spark_jobs.ranking.tables import ALTERNATIVE_SONGS, CHOSEN_SESSIONS, LISTENERS, TOP_SESSIONS, TOP_SONGS
from spark_jobs.session_analysis.job import SessionAnalysisJob
from spark_jobs.shared.documents import read_record
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log import SessionsOfOtherEventsError, SessionsOfOtherGapError
from spark_jobs.shared.records import DataQualityRecord, SessionAnalysisRecord
from tests.frames import at
from tests.jobs import run_data_quality, run_session_analysis
from tests.jobs import run_ranking as run
from tests.lake_reader import rows
from tests.logs import RUN_DATE

PROFILES = f"{HEADER}\nu5\tf\t22\tPeru\tAug 13, 2006\n"


@pytest.fixture
def lake_with_sessions(cut: Lake) -> Lake:
    """Without what another test has ranked."""
    Path(cut.stage_record("ranking", RUN_DATE)).unlink(missing_ok=True)
    return cut


@pytest.fixture(scope="module")
def cut(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with sessions: user n has one of n + 1 tracks; their last track is everybody's hit."""
    home = tmp_path_factory.mktemp("sessions")
    log, lake = home / "log.tsv", Lake(str(home / "lake"), "listening")
    lines = [
        f"u{user}\t2009-05-01T12:{track:02d}:00Z\t\tA\t\t{'hit' if track == user else f'{user}.{track}'}\n"
        for user in range(6)
        for track in range(user + 1)
    ]
    log.write_text("".join(lines))
    run_data_quality(spark, DataQualityJob(str(log), lake, RUN_DATE))
    run_session_analysis(spark, SessionAnalysisJob(lake, RUN_DATE))
    return lake


def test_the_answer_comes_from_the_longest_sessions_only(spark: SparkSession, lake_with_sessions: Lake) -> None:
    record = run(spark, RankingJob(lake_with_sessions, RUN_DATE, top_sessions=3, top_songs=2))
    longest = [(row[0], row[2], row[6]) for row in rows(lake_with_sessions, TOP_SESSIONS, RUN_DATE)]
    assert longest == [(1, "u5", 6), (2, "u4", 5), (3, "u3", 4)]
    assert rows(lake_with_sessions, TOP_SONGS, RUN_DATE) == [(1, "A", "hit", 3, 3, 3), (2, "A", "3.0", 1, 1, 1)]
    assert (record.top_sessions, record.top_songs, record.listeners) == (3, 2, 3)


def test_only_chosen_users_buckets_are_read(
    spark: SparkSession, lake_with_sessions: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    real = ranking.events_within
    monkeypatch.setattr(ranking, "events_within", lambda *frames: asked.append(frames[1]) or real(*frames))
    run(spark, RankingJob(lake_with_sessions, RUN_DATE, top_sessions=1, alternatives=False))
    (listens,) = asked
    plan = listens._jdf.queryExecution().executedPlan().toString()
    assert re.search(r"filters=.*user_id = 'u5'|user_id IN \('u5'\)", plan), plan
    assert "listened_at >=" in plan


def test_sessions_of_another_gap_are_refused(spark: SparkSession, lake_with_sessions: Lake) -> None:
    with pytest.raises(
        SessionsOfOtherGapError, match="cut with a gap of 20 minutes, and are to be answered with one of 45"
    ):
        run(spark, RankingJob(lake_with_sessions, RUN_DATE, gap=timedelta(minutes=45)))
    assert rows(lake_with_sessions, TOP_SONGS, RUN_DATE) == []


def test_only_sessions_started_in_window_are_ranked(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    log = tmp_path / "log.tsv"
    # RUN_DATE is 4 May: a session a day up to the day after, the longer the earlier.
    lines = [
        f"u\t2009-05-0{day}T12:{track:02d}:00Z\t\tA\t\tof {day} May\n"
        for day in range(1, 6)
        for track in range(6 - day)
    ]
    log.write_text("".join(lines))
    run_data_quality(spark, DataQualityJob(str(log), lake, RUN_DATE))
    run_session_analysis(spark, SessionAnalysisJob(lake, RUN_DATE))

    record = run(spark, RankingJob(lake, RUN_DATE, window_days=2))
    assert [(row[0], row[3]) for row in rows(lake, TOP_SESSIONS, RUN_DATE)] == [
        (1, at("2009-05-03T12:00:00")),
        (2, at("2009-05-04T12:00:00")),
    ]
    answer = [(1, "A", "of 3 May", 3, 1, 1), (2, "A", "of 4 May", 2, 1, 1)]
    assert rows(lake, TOP_SONGS, RUN_DATE) == answer
    definitions = ["without_implausible_sessions", "longest_by_duration", "gap_10_minutes", "gap_30_minutes"]
    assert rows(lake, ALTERNATIVE_SONGS, RUN_DATE) == [
        (definition, *song) for definition in [*definitions, "songs_by_track_id"] for song in answer
    ]
    assert record.parameters.window_days == 2
    run(spark, RankingJob(lake, RUN_DATE, alternatives=False))
    assert len(rows(lake, TOP_SONGS, RUN_DATE)) == 5


def test_an_answer_of_no_session_is_published(spark: SparkSession, lake_with_sessions: Lake, profiles: str) -> None:
    # All of its sessions are of 1 May.
    record = run(spark, RankingJob(lake_with_sessions, RUN_DATE, window_days=3, profiles=profiles))
    assert (record.top_sessions, record.top_songs, record.listeners) == (0, 0, 0)
    for table in (TOP_SESSIONS, TOP_SONGS, ALTERNATIVE_SONGS, LISTENERS):
        assert rows(lake_with_sessions, table, RUN_DATE) == [], table


def test_what_is_not_asked_for_has_no_rows(spark: SparkSession, lake_with_sessions: Lake, profiles: str) -> None:
    asked = RankingJob(lake_with_sessions, RUN_DATE, profiles=profiles)
    record = run(spark, asked)
    assert (record.alternatives.made, record.profiles) == (True, Profiles(path=profiles, problem=None))
    made = {row[0] for row in rows(lake_with_sessions, ALTERNATIVE_SONGS, RUN_DATE)}
    assert made == set(record.alternatives.definitions)
    assert {row[0] for row in rows(lake_with_sessions, CHOSEN_SESSIONS, RUN_DATE)} == {"answer", *made}
    assert rows(lake_with_sessions, LISTENERS, RUN_DATE)[5] == ("u5", 1, 6, "Peru", 22, date(2006, 8, 13))

    record = run(spark, RankingJob(lake_with_sessions, RUN_DATE, alternatives=False))
    assert record.alternatives == Alternatives(made=False, definitions=(), seconds=0)
    assert record.profiles == Profiles(path=None, problem=None)
    for table in (ALTERNATIVE_SONGS, LISTENERS, CHOSEN_SESSIONS):
        assert (table.name in record.snapshots, rows(lake_with_sessions, table, RUN_DATE)) == (True, [])
    assert rows(lake_with_sessions, TOP_SONGS, RUN_DATE)
    assert list(Path(lake_with_sessions.root).glob("_links/*")) == []


def test_answer_says_what_it_was_made_from(spark: SparkSession, lake_with_sessions: Lake) -> None:
    made_from = {}
    for model, table in ((DataQualityRecord, LISTENS), (SessionAnalysisRecord, SESSIONS)):
        made_from[table.name] = read_record(lake_with_sessions, model, RUN_DATE).snapshots[table.name]
    record = run(spark, RankingJob(lake_with_sessions, RUN_DATE, alternatives=False, run_id="a run", **made_from))
    assert record.made_from == made_from
    with lake_with_sessions.catalog.open() as catalog:
        for name, snapshot in record.snapshots.items():
            stamp = stamp_of(catalog.load_table(("listening", name)), snapshot)
            assert (stamp.run_id, stamp.made_from) == ("a run", made_from), name


def test_sessions_of_other_listens_are_refused(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    log = tmp_path / "log.tsv"
    log.write_text("u\t2009-05-01T12:00:00Z\t\tA\t\tt\n")
    run_data_quality(spark, DataQualityJob(str(log), lake, RUN_DATE))
    run_session_analysis(spark, SessionAnalysisJob(lake, RUN_DATE))
    run_data_quality(spark, DataQualityJob(str(log), lake, RUN_DATE))
    with pytest.raises(SessionsOfOtherEventsError, match="were cut from the snapshot"):
        run(spark, RankingJob(lake, RUN_DATE))


@pytest.fixture
def profiles(tmp_path: Path) -> str:
    file = tmp_path / "profiles.tsv"
    file.write_text(PROFILES)
    return str(file)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        pytest.param("gone.tsv", "cannot be read as profiles: no file at .*gone.tsv", id="gone"),
        pytest.param("link.tsv", "cannot be read as profiles: .*elsewhere.tsv, outside .*, the only place", id="link"),
        pytest.param("another.tsv", "cannot be read as profiles: found 'u0", id="another file"),
        pytest.param("cut.tsv.gz", "cannot be read as profiles: EOFException: Unexpected end of ", id="damaged"),
    ],
)
def test_unusable_profiles_cost_their_table_alone(
    spark: SparkSession,
    lake_with_sessions: Lake,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    problem: str,
) -> None:
    (tmp_path / "input").mkdir()
    path = tmp_path / "input" / name
    if name == "link.tsv":
        (tmp_path / "elsewhere.tsv").write_text(PROFILES)
        path.symlink_to(tmp_path / "elsewhere.tsv")
    if name == "another.tsv":
        path.write_text("u0\t2009\n")
    if name == "cut.tsv.gz":
        path.write_bytes(gzip.compress(PROFILES.encode())[:-9])
    root = str(path.parent)
    asked = RankingJob(lake_with_sessions, RUN_DATE, alternatives=False, profiles=str(path), input_root=root)
    record = run(spark, asked)
    assert record.profiles.path == str(path)
    assert re.search(problem, record.profiles.problem)
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("WARNING ranking")]
    assert line.endswith(record.profiles.problem)
    assert rows(lake_with_sessions, LISTENERS, RUN_DATE) == []
    assert rows(lake_with_sessions, TOP_SONGS, RUN_DATE)


def test_command_line_names_every_argument() -> None:
    common = ["--lake", "/lake", "--log", "listening", "--run-date", "2009-05-04"]
    assert parse_args(common) == RankingJob(Lake("/lake", "listening"), date(2009, 5, 4), 50, 10)
    ids = ["--listens", "7", "--sessions", "8", "--run-id", "r", "--record", "/r.json"]
    of_ids = RankingJob(
        Lake("/lake", "listening"), date(2009, 5, 4), listens=7, sessions=8, run_id="r", record="/r.json"
    )
    assert parse_args([*common, *ids]) == of_ids
    sizes = ["--top-sessions", "3", "--top-songs", "4"]
    assert parse_args([*common, *sizes]) == RankingJob(Lake("/lake", "listening"), date(2009, 5, 4), 3, 4)
    others = ["--session-gap-minutes", "7", "--alternatives", "no", "--profiles", "p.tsv", "--input-root", "/in"]
    assert parse_args([*common, *others]) == RankingJob(
        Lake("/lake", "listening"),
        date(2009, 5, 4),
        gap=timedelta(minutes=7),
        alternatives=False,
        profiles="p.tsv",
        input_root="/in",
    )
    with pytest.raises(SystemExit, match="2"):
        parse_args([*common, "--top-songs", "ten"])


@pytest.mark.parametrize(("text", "days"), [("", None), ("1", 1), ("36500", 36_500)])
def test_command_line_takes_window_days_or_none(text: str, days: int | None) -> None:
    assert (
        parse_args(
            ["--lake", "/lake", "--log", "listening", "--run-date", "2009-05-04", "--window-days", text]
        ).window_days
        == days
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0", "found '0', allowed is a whole number from 1"),
        ("36501", "found '36501', allowed is a whole number from 1 to 36500, or nothing for all sessions"),
        ("1.5", "found '1.5', allowed is a whole number from 1"),
        ("None", "found 'None', allowed is a whole number from 1"),
    ],
)
def test_another_window_is_refused_before_spark_starts(
    text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse_args(["--lake", "/lake", "--log", "listening", "--run-date", "2009-05-04", "--window-days", text])
    assert message in capsys.readouterr().err
