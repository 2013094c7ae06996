from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.records import read_record, replace_file, write_record
from include.report.build import build_report
from spark_jobs.shared.lake import TOP_SESSIONS, TOP_SONGS, Lake
from tests.frames import at
from tests.logs import RUN_DATE

PARAMETERS = {"session_gap_minutes": 20, "top_sessions": 50, "top_songs": 10, "minimum_quality_score": 95}
FILE = {"file": "/logs/<day>.tsv", "bytes": 99, "lines_read": 1200, "listens_kept": 1194, "lines_rejected": 6}
SONG = {"play_count": 3, "session_count": 2, "listener_count": 1}


def put(lake: Lake, dataset: str, rows: list[dict[str, Any]]) -> None:
    directory = Path(lake.partition(dataset, RUN_DATE))
    directory.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), directory / "part.parquet")


@pytest.fixture
def finished_lake(lake: Lake) -> Lake:
    """A lake in which every stage has left what the report is made from."""
    rows = {"lines_read": 1200, "listens_kept": 1194, "lines_rejected": 6}
    quality = {
        "parameters": {"input_path": "/logs/<day>.tsv"},
        "input": {"files": 1, "bytes": 99},
        "rows": rows,
        "quality_score": 99.5,
        "rejected": {"field_count": 6},
        "warnings": {"missing_track_id": 2},
        "files": [FILE],
        "first_listened_at": "2009-05-01T12:00:00Z",
        "last_listened_at": "2009-05-01T13:00:00Z",
    }
    write_record(lake, "data_quality", RUN_DATE, quality)
    write_record(lake, "session_analysis", RUN_DATE, {"rows": {"users": 1, "sessions": 7}})
    met = {"evaluated_expectations": 5, "successful_expectations": 5}
    for check in ("check_listens", "check_sessions", "check_top_songs"):
        write_record(lake, check, RUN_DATE, {"warning": [], "info": [], "validations": [{"statistics": met}]})
    put(
        lake,
        TOP_SONGS,
        [
            {"rank": 1, "artist_name": '"Weird Al"', "track_name": "<script>alert(1)</script>", **SONG},
            {"rank": 2, "artist_name": "坂本龍一", "track_name": "a\rb", **SONG},
        ],
    )
    session = {
        "session_id": "u-1",
        "user_id": "u",
        "duration_seconds": 5400,
        "track_count": 30,
        "distinct_song_count": 9,
        "is_implausible": False,
    }
    put(lake, TOP_SESSIONS, [{"rank": 1, **session, "started_at": at("12:00:00"), "ended_at": at("13:30:00")}])
    return lake


def report(lake: Lake) -> Path:
    return Path(build_report(lake, RUN_DATE, PARAMETERS, {"check_input": None, "data_quality": 12.5}))


def test_the_tsv_is_tab_separated_never_quoted_and_ends_its_lines_with_lf(finished_lake: Lake) -> None:
    assert (report(finished_lake) / "top_songs.tsv").read_bytes().decode() == (
        "rank\tartist_name\ttrack_name\tplay_count\tsession_count\tlistener_count\n"
        '1\t"Weird Al"\t<script>alert(1)</script>\t3\t2\t1\n'
        "2\t坂本龍一\ta\rb\t3\t2\t1\n"
    )


def test_the_json_holds_the_answer_and_all_that_led_to_it(finished_lake: Lake) -> None:
    facts = json.loads((report(finished_lake) / "report.json").read_text(encoding="utf-8"))
    assert facts.pop("made_at")
    assert [song["track_name"] for song in facts.pop("top_songs")] == ["<script>alert(1)</script>", "a\rb"]
    (session,) = facts.pop("top_sessions")
    assert (session["started_at"], session["track_count"]) == ("2009-05-01T12:00:00Z", 30)
    check = {"expectations": 5, "met": 5}
    assert facts == {
        "run_date": "2009-05-04",
        "verdict": "good",
        "degraded_because": [],
        "flags": [],
        "parameters": PARAMETERS,
        "input": {"path": "/logs/<day>.tsv", "files": 1, "bytes": 99},
        "rows": {"lines_read": 1200, "listens_kept": 1194, "lines_rejected": 6, "users": 1, "sessions": 7},
        "quality_score": 99.5,
        "rejected": {"field_count": 6},
        "warnings": {"missing_track_id": 2},
        "files": [FILE],
        "first_listened_at": "2009-05-01T12:00:00Z",
        "last_listened_at": "2009-05-01T13:00:00Z",
        "stage_seconds": {"data_quality": 12.5},
        "spark": {},
        "checks": {"check_listens": check, "check_sessions": check, "check_top_songs": check},
    }


def test_the_page_shows_names_as_text_and_the_figures_behind_the_answer(finished_lake: Lake) -> None:
    page = (report(finished_lake) / "report.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    for shown in (
        "坂本龍一",
        "quality score 99.50",
        "15 of 15 expectations met",
        "1,194",
        "field_count",
        "1.5",
        "12.5",
    ):
        assert shown in page


def test_sparks_own_figures_stand_in_a_row_for_each_stage_that_kept_them(finished_lake: Lake) -> None:
    assert spark_row(report(finished_lake)) is None
    several = {"stage_id": 4, "tasks": 30, "median_task_seconds": 2.04, "slowest_task_seconds": 3.06}
    single = {"stage_id": 1, "tasks": 1, "median_task_seconds": 9.9, "slowest_task_seconds": 9.9}
    figures = {
        "seconds": 11.25,
        "tasks": 1234,
        "input_records": 2400,
        "shuffle_bytes_written": 19_448_972,
        "spilled_disk_bytes": 0,
        "gc_share": 0.035,
        "slowest_stages": [single, several],
    }
    kept = Path(finished_lake.spark_figures("data_quality", RUN_DATE))
    replace_file(kept.with_name("check_input.json"), "cut sho")
    replace_file(kept, json.dumps(figures))
    shown = ["11.2", "1,234", "2.00 \N{MULTIPLICATION SIGN}", "19.4 MB", "0 Bytes", "3.5%"]
    assert spark_row(report(finished_lake)) == [*shown, "3.1 s / 2.0 s"]
    facts = json.loads((report(finished_lake) / "report.json").read_text(encoding="utf-8"))
    assert facts["spark"] == {"data_quality": {**figures, "input_reads": 2}}
    # No two tasks to compare.
    replace_file(kept, json.dumps({**figures, "slowest_stages": [single]}))
    assert spark_row(report(finished_lake)) == [*shown, "\N{EN DASH}"]


def spark_row(directory: Path) -> list[str] | None:
    """What the page shows of Spark's figures of data_quality; None without a table of them."""
    page = (directory / "report.html").read_text(encoding="utf-8")
    _, found, table = page.partition('<table aria-label="Spark\'s own figures">')
    if not found:
        return None
    (row,) = re.findall("<tr><td>data_quality</td>(.*)</tr>", table)
    return re.findall(r'<td class="number">([^<]+)</td>', row)


def test_warnings_degrade_the_answer_and_flags_do_not(finished_lake: Lake) -> None:
    met = {"evaluated_expectations": 5, "successful_expectations": 4}
    record = {"warning": [], "info": ["flags: <one> listener"], "validations": [{"statistics": met}]}
    write_record(finished_lake, "check_top_songs", RUN_DATE, record)
    facts = json.loads((report(finished_lake) / "report.json").read_text(encoding="utf-8"))
    assert (facts["verdict"], facts["degraded_because"], facts["flags"]) == ("good", [], ["flags: <one> listener"])
    page = (report(finished_lake) / "report.html").read_text(encoding="utf-8")
    assert "flags: &lt;one&gt; listener" in page
    assert "Take this answer with care" not in page

    write_record(finished_lake, "check_listens", RUN_DATE, {**record, "warning": ["a score of 93"], "info": []})
    facts = json.loads((report(finished_lake) / "report.json").read_text(encoding="utf-8"))
    assert (facts["verdict"], facts["degraded_because"]) == ("degraded", ["a score of 93"])
    page = (report(finished_lake) / "report.html").read_text(encoding="utf-8")
    assert '<span class="verdict degraded">degraded</span>' in page
    assert "Take this answer with care" in page
    assert "<li>a score of 93</li>" in page


def test_implausible_sessions_and_what_few_made_are_marked(finished_lake: Lake) -> None:
    page = (report(finished_lake) / "report.html").read_text(encoding="utf-8")
    assert page.count("(one listener)") == 2
    assert ("(one session)" in page, "(implausible)" in page) == (False, False)
    times = {"started_at": at("12:00:00"), "ended_at": at("13:30:00"), "duration_seconds": 5400}
    counts = {"track_count": 300, "distinct_song_count": 9, "is_implausible": True}
    put(finished_lake, TOP_SESSIONS, [{"rank": 1, "session_id": "u-1", "user_id": "u", **counts, **times}])
    page = (report(finished_lake) / "report.html").read_text(encoding="utf-8")
    assert '<td>u <span class="mark">(implausible)</span></td>' in page


def test_of_several_files_those_with_rejected_lines_come_first_and_the_rest_is_counted(finished_lake: Lake) -> None:
    quality = read_record(finished_lake, "data_quality", RUN_DATE)
    files = [{**FILE, "file": f"/logs/{number}.tsv", "lines_rejected": number} for number in range(25)]
    write_record(finished_lake, "data_quality", RUN_DATE, {**quality, "files": files})
    page = (report(finished_lake) / "report.html").read_text(encoding="utf-8")
    assert page.index("/logs/24.tsv") < page.index("/logs/5.tsv")
    assert "/logs/4.tsv" not in page
    assert "5 more files" in page


def test_the_data_docs_open_from_the_report(finished_lake: Lake) -> None:
    directory = report(finished_lake)
    (link,) = re.findall(r'href="([^"]+)"', (directory / "report.html").read_text(encoding="utf-8"))
    assert (directory / link).resolve() == Path(finished_lake.data_docs()) / "index.html"


def test_a_stage_without_a_record_is_named(finished_lake: Lake) -> None:
    Path(finished_lake.stage_record("session_analysis", RUN_DATE)).unlink()
    with pytest.raises(FileNotFoundError, match="run the stage session_analysis for 2009-05-04 first"):
        report(finished_lake)


def test_a_record_is_replaced_whole(lake: Lake) -> None:
    write_record(lake, "ranking", RUN_DATE, {"a": 1, "b": 2})
    write_record(lake, "ranking", RUN_DATE, {"a": 3})
    assert read_record(lake, "ranking", RUN_DATE) == {"stage": "ranking", "run_date": "2009-05-04", "a": 3}
    assert [file.name for file in Path(lake.stage_record("ranking", RUN_DATE)).parent.iterdir()] == ["ranking.json"]
