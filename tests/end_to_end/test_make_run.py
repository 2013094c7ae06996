"""The whole thing as `make run` does it: Airflow, three spark-submits, three checkpoints, the report."""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from include.deployment.compilers import ONE_COMPILER
from include.deployment.local_spark import EMBEDDED
from include.sample_data.listening import generate_log
from spark_jobs.lake import lock
from spark_jobs.lake.published import load_all, tags_of
from spark_jobs.lake.stamps import began_at
from spark_jobs.shared.documents import read_check, read_record
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import SessionAnalysisRecord
from tests import model
from tests.commands import started
from tests.conftest import PROJECT, QUICK_JVM
from tests.statsd import statsd
from tests.warm_server import WarmServer
from tests.webhook import connection, webhook

pytestmark = pytest.mark.end_to_end

FIRST, SECOND, THIRD = date(2009, 5, 5), date(2009, 5, 6), date(2009, 5, 7)
# Of every run of the first date: tests run in any order, and what one leaves another finds.
PARAMETERS = {"SESSION_GAP_MINUTES": "15", "TOP_SESSIONS": "12", "TOP_SONGS": "7", "MIN_QUALITY_SCORE": "96.5"}
STAGES = ["data_quality", "check_listens", "session_analysis", "check_sessions", "ranking", "check_top_songs"]
# A Spark of its own for each stage and check, in place of the one warm server.
EMBEDDED_SPARK = {
    "AIRFLOW_CONN_SPARK_DEFAULT": json.dumps(
        {**EMBEDDED, "extra": {**EMBEDDED["extra"], "spark.driver.extraJavaOptions": QUICK_JVM}}
    )
}
SPARK_METRICS = {
    "input_records": "spark_input_rows",
    "input_bytes": "spark_input_bytes",
    "shuffle_bytes_written": "spark_shuffle_written_bytes",
    "shuffle_bytes_read": "spark_shuffle_read_bytes",
    "spilled_memory_bytes": "spark_spilled_memory_bytes",
    "spilled_disk_bytes": "spark_spilled_disk_bytes",
    "peak_execution_memory_bytes": "spark_peak_execution_memory_bytes",
    "gc_share": "spark_gc_ratio",
    "tasks": "spark_tasks",
    "failed_tasks": "spark_failed_tasks",
}
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("end_to_end")


@pytest.fixture(scope="module")
def lake(home: Path) -> Lake:
    return Lake(str(home / "the lake's $root ~"), "listening")


@pytest.fixture(scope="module")
def log(home: Path) -> Path:
    return make_log(home / "my [log] of $HOME at 5%.tsv", listens=1940, score=97, last_day=FIRST)


def make_log(log: Path, listens: int, score: int, last_day: date) -> Path:
    size = ("--listens", str(listens), "--users", "9", "--seed", "7")
    generate_log.main([str(log), *size, "--score", str(score), "--newest", f"{last_day}T22:00:00Z"])
    return log


def make_run(home: Path, lake: Lake, **variables: str) -> subprocess.CompletedProcess[str]:
    """`make run` with these variables, without make: in another directory, with an Airflow of its own."""
    given = {"LAKE": lake.root, "PIPELINE_AIRFLOW_HOME": str(home / "airflow"), **variables}
    return subprocess.run(**started("cli run", **given), cwd=PROJECT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def run(home: Path, lake: Lake, warm_spark: WarmServer) -> Run:
    """`make run`, on the warm Spark that tests share unless the variables name another."""
    return lambda **variables: make_run(home, lake, **{**warm_spark.exports, **variables})


def contents(lake: Lake, run_date: date) -> dict[str, Any]:
    """Every document of a run date, and the snapshot of it that each table has."""
    directories = Path(lake.root).glob(f"listening/*/run_date={run_date}")
    documents = {str(file): file.read_bytes() for folder in directories for file in folder.rglob("*") if file.is_file()}
    with lake.catalog.open() as catalog:
        return documents | {
            name: tags_of(table).get(run_date) for name, table in load_all(catalog, "listening").items()
        }


def expected_tsv(log: Path, sessions: int, songs: int, gap: timedelta, added: bytes = b"") -> str:
    judged = model.judge(log.read_bytes() + added, FIRST)
    all_sessions = model.sessions_of(judged.listens, gap)
    answer = model.top_songs(all_sessions, model.top_sessions(all_sessions, sessions), songs)
    rows = [("rank", "artist_name", "track_name", "play_count", "session_count", "listener_count")]
    rows += [tuple(str(value) for value in vars(song).values()) for song in answer]
    return "".join("\t".join(row) + "\n" for row in rows)


@pytest.fixture(scope="module")
def first_run(home: Path, lake: Lake, log: Path) -> subprocess.CompletedProcess[str]:
    """A run that starts a warm Spark of its own, as a person's does."""
    return make_run(home, lake, INPUT=str(log), RUN_DATE=str(FIRST), **PARAMETERS)


def test_answer_is_exact_and_printed(first_run: subprocess.CompletedProcess[str], lake: Lake, log: Path) -> None:
    assert first_run.returncode == 0, first_run.stdout + first_run.stderr
    report = Path(lake.report(FIRST))
    answer = (report / "top_songs.tsv").read_bytes().decode()
    assert answer == expected_tsv(log, sessions=12, songs=7, gap=timedelta(minutes=15))

    facts = json.loads((report / "report.json").read_text(encoding="utf-8"))
    assert facts["verdict"] == "good"
    assert facts["parameters"] == {
        "input_path": str(log),
        "load": "full",
        "session_gap_minutes": 15,
        "top_sessions": 12,
        "top_songs": 7,
        "window_days": None,
        "minimum_quality_score": 96.5,
        "alternatives": True,
        "profiles_path": None,
    }
    assert list(facts["stage_seconds"]) == STAGES
    assert (Path(lake.data_docs()) / "index.html").exists()
    for shown in ("Top songs of the 12 longest sessions", "Quality score 97.00", *STAGES, "report.html"):
        assert shown in first_run.stdout


def test_small_log_runs_without_javas_second_compiler(first_run: subprocess.CompletedProcess[str], lake: Lake) -> None:
    assert first_run.returncode == 0, first_run.stdout + first_run.stderr
    found = {stage: java_options(lake, stage) for stage in STAGES}
    assert found == dict.fromkeys(STAGES, ONE_COMPILER)


def java_options(lake: Lake, stage: str) -> str:
    """The default Java options of the application in which Spark worked for a stage of the first date."""
    application = json.loads(Path(lake.spark_costs(stage, FIRST)).read_bytes())["application_id"]
    events = Path(lake.spark_events(), application).read_text(encoding="utf-8").splitlines()
    environment = next(line for line in events if "SparkListenerEnvironmentUpdate" in line)
    return json.loads(environment)["Spark Properties"]["spark.driver.defaultJavaOptions"]


@pytest.mark.operations
def test_day_is_added_only_to_the_day_before(
    first_run: subprocess.CompletedProcess[str], run: Run, home: Path, lake: Lake, log: Path
) -> None:
    assert first_run.returncode == 0
    grown = Lake(str(home / "a lake that grows"), "listening")
    begun = run(LAKE=grown.root, INPUT=str(log), RUN_DATE=str(FIRST), **PARAMETERS)
    assert begun.returncode == 0, begun.stdout + begun.stderr
    day = {"LAKE": grown.root, "LOAD": "daily", "INPUT": str(home / "day.tsv"), **PARAMETERS}
    longest = json.loads((Path(lake.report(FIRST)) / "report.json").read_bytes())["top_sessions"][0]
    more = datetime.fromisoformat(longest["ended_at"])
    lines = [
        f"{longest['user_id']}\t{more + timedelta(seconds=n):%Y-%m-%dT%H:%M:%SZ}\t\tNew\t\tHit" for n in range(1, 90)
    ]
    (home / "day.tsv").write_text("\n".join(lines))

    too_late = run(RUN_DATE=str(FIRST - timedelta(days=1)), **day)
    assert too_late.returncode == 1
    assert f"comes too late: {FIRST} is published without it" in too_late.stdout.replace("\n", " ")
    done = run(RUN_DATE=str(SECOND), **day)
    assert done.returncode == 0, done.stdout + done.stderr
    answer = (Path(grown.report(SECOND)) / "top_songs.tsv").read_text(encoding="utf-8")
    added = (home / "day.tsv").read_bytes()
    assert answer == expected_tsv(log, sessions=12, songs=7, gap=timedelta(minutes=15), added=added)
    assert "New\tHit\t89\t1\t1" in answer


@pytest.mark.operations
def test_degraded_run_finishes_and_is_reported_everywhere(run: Run, home: Path, lake: Lake) -> None:
    log = make_log(home / "degraded.tsv", listens=1860, score=93, last_day=SECOND)
    with webhook() as hook, statsd() as metrics:
        tell = {"AIRFLOW_CONN_APPRISE_DEFAULT": connection(hook.address), **metrics.settings}
        degraded = run(INPUT=str(log), RUN_DATE=str(SECOND), **tell)
    assert degraded.returncode == 0, degraded.stdout + degraded.stderr
    because = "data_quality: expected: the quality score is at least 95; found 93 (expect_column_min_to_be_between)"
    assert f"Degraded: {because}" in degraded.stdout

    report = Path(lake.report(SECOND))
    facts = json.loads((report / "report.json").read_text(encoding="utf-8"))
    assert (facts["verdict"], facts["degraded_because"]) == ("degraded", [because])
    assert '<span class="verdict degraded">degraded</span>' in (report / "report.html").read_text(encoding="utf-8")
    with sqlite3.connect(home / "airflow" / "run" / "airflow.db") as database:
        ((note,),) = database.execute(
            "SELECT content FROM dag_run_note JOIN dag_run ON dag_run.id = dag_run_note.dag_run_id "
            "WHERE logical_date LIKE ?",
            [f"{SECOND}%"],
        )
    (alert,) = hook.got
    for said in (note, alert["title"] + alert["message"]):
        for part in ("degraded", "93", because, str(report)):
            assert part in said
    assert metrics.ours() == expected_metrics(lake, SECOND, facts)


def expected_metrics(lake: Lake, day: date, facts: dict[str, Any]) -> dict[str, float]:
    """Return the metrics that a reported run must send, computed from its records in the lake."""
    expected = {
        "run.last_success_timestamp_seconds": datetime.fromisoformat(facts["made_at"]).timestamp(),
        "run.run_date_timestamp_seconds": datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp(),
        "run.degraded": 1,
        "run.degradations": len(facts["degraded_because"]),
        "quality_score_percent": facts["quality_score"],
        "implausible_sessions": read_record(lake, SessionAnalysisRecord, day).implausible_sessions,
        "records_read": facts["counts"]["records_read"],
        "events_accepted": facts["counts"]["events_accepted"],
        **{name: facts["counts"][name] for name in ("sessions", "users")},
        **{f"records_rejected,reason={one['name']}": one["records"] for one in facts["rejected"]},
        **{f"stage.duration_seconds,stage={stage}": spent for stage, spent in facts["stage_seconds"].items()},
    }
    for stage, spark in facts["spark"].items():
        expected |= {f"stage.{name},stage={stage}": spark[key] for key, name in SPARK_METRICS.items()}
    for check, counted in facts["checks"].items():
        record = read_check(lake, check, day)
        expected[f"check.expectations,stage={check}"] = counted["expectations"]
        expected |= {
            f"check.unmet_expectations,severity={severity},stage={check}": len(getattr(record, severity))
            for severity in ("critical", "warning", "info")
        }
    return expected


def test_failed_check_stops_run_and_keeps_earlier_answers(
    first_run: subprocess.CompletedProcess[str], run: Run, home: Path, lake: Lake
) -> None:
    before = contents(lake, FIRST)
    assert before
    log = make_log(home / "bad.tsv", listens=1700, score=85, last_day=THIRD)
    with statsd() as metrics:
        failed = run(INPUT=str(log), RUN_DATE=str(THIRD), **metrics.settings)
    assert failed.returncode == 1
    assert (
        "check_listens failed for run date 2009-05-07: data_quality: expected: the quality score is at least 90, below "
        "which every run stops; found 85 (expect_column_min_to_be_between)"
    ) in failed.stdout
    assert "earlier reports stand" in failed.stdout
    assert "session_analysis" not in failed.stdout
    assert not Path(lake.report(THIRD)).exists()
    assert contents(lake, FIRST) == before
    sent = metrics.ours()
    assert sent["check.unmet_expectations,severity=critical,stage=check_listens"] == 1
    assert sent["quality_score_percent"] == 85
    assert {name for name in sent if name.startswith("run.") or "session" in name} == set()


@pytest.mark.operations
def test_run_passes_a_check_that_a_person_accepts(run: Run, home: Path, lake: Lake) -> None:
    day = date(2009, 5, 9)
    log = make_log(home / "accepted.tsv", listens=1700, score=85, last_day=day)
    assert run(INPUT=str(log), RUN_DATE=str(day)).returncode == 1
    command = started("cli publish", LAKE=lake.root, RUN_DATE=str(day), REASON="the label agreed")
    said = subprocess.run(**command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert f"    make run RUN_DATE={day} " in said
    again = run(INPUT=str(log), RUN_DATE=str(day))
    assert again.returncode == 0, again.stdout + again.stderr
    facts = json.loads((Path(lake.report(day)) / "report.json").read_bytes())
    assert (facts["verdict"], facts["published_by_hand"]["reason"]) == ("degraded", "the label agreed")


def test_rerun_on_an_embedded_spark_gives_same_bytes(
    first_run: subprocess.CompletedProcess[str], run: Run, log: Path, lake: Lake
) -> None:
    answer = Path(lake.report(FIRST)) / "top_songs.tsv"
    before, others = answer.read_bytes(), [contents(lake, date) for date in (SECOND, THIRD)]
    # The metrics go to a host that does not exist; the run must not care.
    unheard = {"AIRFLOW__METRICS__STATSD_ON": "True", "AIRFLOW__METRICS__STATSD_HOST": "exporter.invalid"}
    again = run(INPUT=str(log), RUN_DATE=str(FIRST), **PARAMETERS, **unheard, **EMBEDDED_SPARK)
    assert again.returncode == 0, again.stdout + again.stderr
    assert answer.read_bytes() == before
    assert [contents(lake, date) for date in (SECOND, THIRD)] == others
    with lake.catalog.open() as catalog:
        refs = {ref for table in load_all(catalog, "listening").values() for ref in table.metadata.refs}
        assert lock.holder(catalog, "listening") is None
    # A run that a check has stopped leaves its branches, to be looked at; one that was published leaves none.
    assert [ref for ref in refs if began_at(ref) and ref.startswith(f"try_{FIRST:%Y%m%d}")] == []


@pytest.mark.operations
def test_job_that_refuses_its_data_fails_at_once(run: Run, home: Path) -> None:
    empty = home / "empty.tsv.gz"
    empty.write_bytes(gzip.compress(b""))
    failed = run(INPUT=str(empty), RUN_DATE="2009-05-08")
    assert failed.returncode == 1
    assert f"ERROR data_quality 2009-05-08: {empty} holds no line; a run needs at least one" in failed.stdout


def elsewhere(home: Path, how: str, zone: str) -> dict[str, str]:
    """Return the exports of a shell: another Airflow's time zone, and a proxy that does not answer."""
    config = home / "another.cfg"
    config.write_text(f"[core]\ndefault_timezone = {zone}\n")
    of_airflow = {"AIRFLOW_CONFIG": str(config)} if how == "a file" else {"AIRFLOW__CORE__DEFAULT_TIMEZONE": zone}
    return {**of_airflow, "http_proxy": "http://127.0.0.1:9"}


@pytest.mark.parametrize(
    ("how", "zone"),
    [
        ("a file", "Pacific/Kiritimati"),
        pytest.param("a variable", "Pacific/Kiritimati", marks=pytest.mark.operations),
        pytest.param("a variable", "America/Los_Angeles", marks=pytest.mark.operations),
    ],
)
def test_run_date_is_of_utc_in_every_zone(run: Run, home: Path, how: str, zone: str) -> None:
    # The input of one date alone is there, and it fails the first job: Airflow's date is what that says.
    (home / "of-2009-05-08.tsv.gz").write_bytes(gzip.compress(b""))
    exported = elsewhere(home, how, zone)
    failed = run(INPUT=str(home / "of-{run_date}.tsv.gz"), RUN_DATE="2009-05-08", **exported)
    assert f"ERROR data_quality 2009-05-08: {home}/of-2009-05-08.tsv.gz holds no line" in failed.stdout
    (name,) = exported.keys() - {"http_proxy"}
    assert name in re.search("Left aside, as settings of another Airflow: (.*)", failed.stdout)[1]  # type: ignore[index]


@pytest.mark.parametrize(
    ("variables", "code", "message"),
    [
        pytest.param({"TOP_SONGS": "0"}, 2, "found 0, allowed is an integer from 1 to 1000", id="no songs"),
        pytest.param({"INPUT": "gone.tsv"}, 1, "gone.tsv; check the path", id="no input"),
    ],
)
def test_unusable_argument_fails_before_airflow_starts(
    run: Run, log: Path, variables: dict[str, str], code: int, message: str
) -> None:
    failed = run(**{"INPUT": str(log), **variables})
    assert failed.returncode == code
    assert message in failed.stdout + failed.stderr
    assert "Traceback" not in failed.stdout + failed.stderr
    assert "Run date" not in failed.stdout
