from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks import compare, draw, ratios
from benchmarks.benched import LOGS, benched, check
from benchmarks.listening import programs

SONG = {"rank": 1, "artist_name": "A", "track_name": '"B', "play_count": 3, "session_count": 2, "listener_count": 1}
OTHER = {**SONG, "rank": 2, "artist_name": "C"}
RIGHT = {"listens": 5, "top_sessions": [], "top_songs": [SONG, OTHER]}


def run(seconds: float, *, right: bool = True) -> dict[str, Any]:
    """As the DAG's runs are kept: its three jobs took half of the time, its slowest writing task twice the median."""
    jobs = {"data_quality": seconds / 4, "session_analysis": seconds / 8, "ranking": seconds / 8, "check_listens": 1.0}
    reading = {"stage_id": 0, "slowest_task_seconds": 9.0, "median_task_seconds": 1.0}
    writing = {"stage_id": 2, "slowest_task_seconds": 3.0, "median_task_seconds": 1.5}
    spark = {"data_quality": {"slowest_stages": [reading, writing, {**reading, "stage_id": 3}]}}
    used = {"cpu_seconds": seconds, "peak_mib": 7, "read_bytes": 2**20, "written_bytes": None}
    measured = {"seconds": seconds, **used, "stage_seconds": jobs, "spark": spark}
    return {**measured, "answer": {"right": right, "facts_right": 9 + right, "facts": 10}}


def facts(events: int = 1000, size: int = 50) -> dict[str, Any]:
    """The facts of a measurement of listens."""
    return compare.facts_of_machine("listening", events, size)


def test_an_answer_with_fewer_columns_can_be_right() -> None:
    rows = [{name: song[name] for name in ("artist_name", "track_name", "play_count")} for song in (SONG, OTHER)]
    assert check({"top_songs": rows}, RIGHT) == {"right": True, "facts_right": 2, "facts": 2, "wrong": []}


@pytest.mark.parametrize(
    ("found", "facts_right", "differences"),
    [
        pytest.param({"listens": 4, "top_songs": [SONG, OTHER]}, 2, ["listens"], id="a count"),
        pytest.param({"top_songs": [{**SONG, "track_name": "B"}, OTHER]}, 1, ["top_songs"], id="a name"),
        pytest.param({"top_songs": [SONG]}, 1, ["top_songs"], id="a song too few"),
        pytest.param({"top_songs": [OTHER, SONG]}, 0, ["top_songs", "top_songs"], id="another order"),
    ],
)
def test_every_difference_is_told(found: dict[str, Any], facts_right: int, differences: list[str]) -> None:
    checked = check(found, {**RIGHT})
    assert (checked["right"], checked["facts_right"]) == (False, facts_right)
    assert [one["what"] for one in checked["wrong"]] == differences


def test_what_the_answer_lacks_is_of_the_first_program() -> None:
    answer = {"sessions": 2}
    assert check({"sessions": 2, "funnel": ["a", "b"]}, answer)["right"]
    second = check({"funnel": ["a", "c", "d"]}, answer)
    assert (second["right"], second["facts_right"], second["facts"]) == (False, 1, 3)


def test_few_differences_are_kept() -> None:
    checked = check({"rows": list(range(100))}, {"rows": []})
    assert (checked["facts_right"], len(checked["wrong"])) == (0, 20)


@pytest.mark.parametrize("log", LOGS)
def test_every_log_says_what_is_compared(log: str, tmp_path: Path) -> None:
    found = benched(log).programs(tmp_path / "log", tmp_path / "lake", tmp_path)
    assert list(found)[:3] == ["dag", "dag on embedded spark", "dag on a cluster"]
    assert "duckdb whole work" in found


def test_unknown_log_is_refused() -> None:
    with pytest.raises(SystemExit, match="found 'radio', allowed are listening, shop"):
        benched("radio")


def test_bare_scripts_quoted_names_are_read_back(tmp_path: Path) -> None:
    written = 'artist_name\ttrack_name\tcount\n"Art \\"Junior\\" 1"\tAC\\DC\t12\n1999\t12\t3\n'
    (tmp_path / "part-0.csv").write_text(written)
    assert programs.of_bare_script(tmp_path)["top_songs"] == [
        {"artist_name": 'Art "Junior" 1', "track_name": "AC\\DC", "play_count": 12},
        {"artist_name": "1999", "track_name": "12", "play_count": 3},
    ]


def test_only_named_programs_run_unknown_ones_are_refused(tmp_path: Path) -> None:
    every = programs.programs(tmp_path / "log.tsv", tmp_path / "lake", tmp_path)
    whole = [
        "dag",
        "dag on embedded spark",
        "dag on a cluster",
        "bare jobs",
        "bare script",
        "duckdb",
        "duckdb whole work",
    ]
    assert list(compare.named(every, "")) == [*whole, "10 files", "10000 files"]
    assert list(compare.named(every, "duckdb, bare script")) == ["bare script", "duckdb"]
    with pytest.raises(SystemExit, match="found 'pandas', allowed are dag, dag on embedded spark, dag on a cluster"):
        compare.named(every, "dag,pandas")


def test_programs_not_run_keep_results_of_same_log(tmp_path: Path) -> None:
    compare.keep(tmp_path, facts(), {"dag": [run(9)], "duckdb": [run(1)]})
    file = compare.keep(tmp_path, facts(), {"duckdb": [run(2)]})
    assert re.fullmatch(r".+-cores-[0-9.]+-1000\.json", file.name)
    assert json.loads(file.read_text())["runs"] == {"dag": [run(9)], "duckdb": [run(2)]}
    assert compare.keep(tmp_path, facts(size=51), {"duckdb": [run(3)]}) == file
    assert json.loads(file.read_text())["runs"] == {"duckdb": [run(3)]}


def test_the_medians_and_what_is_wrong_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    made = {"seconds": 2, "cpu_seconds": 1, "log": {"points off": 0.1}}
    compare.show(
        "listens", 1000, made, {"dag": [run(9), run(30), run(11)], "bare script": [run(1), run(2, right=False)]}
    )
    of_log, _, of_dag, of_script = capsys.readouterr().out.splitlines()
    assert of_log == "Generated in 2.0 s (2000.0 a million), 1.0 CPU s, points off: 0.10"
    assert of_dag.split() == ["dag", "11.0", "11.0", "7", "1", "-", "10", "of", "10"]
    assert of_script.endswith("9 of 10, a wrong answer")


def test_ratios_compare_medians_of_programs_that_ran() -> None:
    others = {"bare jobs": [run(5)], "bare script": [run(4), run(3), run(10)], "duckdb": [run(2)]}
    assert ratios.ratios({"dag": [run(12), run(90), run(8)], **others}) == {
        "dag / bare script": 3.0,
        "dag / duckdb": 6.0,
        "the DAG's Spark jobs / bare script": 1.5,
        "the DAG's Spark jobs / bare jobs": 1.2,
        "bare jobs / bare script": 1.25,
        "slowest / median task, writing stage": 2.0,
    }
    assert list(ratios.ratios({"dag": [run(3)]})) == ["slowest / median task, writing stage"]
    assert ratios.ratios({"duckdb": [run(3)]}) == {}
    assert ratios.ratios({"dag": [run(3) | {"spark": {}}]}) == {}


def test_a_larger_log_is_compared_with_the_smallest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [compare.keep(tmp_path, facts(events), {"dag": [run(events / 50)]}) for events in (200, 50)]
    ratios.main(*map(str, files))
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "listening, 50 events"
    assert said[-1].split() == ["dag,", "4", "times", "the", "events", "4.00"]
    assert compare.growth_lines(files[0]) == [said[-1].strip()]
    assert compare.growth_lines(files[1]) == []


def test_picture_shows_each_program_and_wrong_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "PICTURE", tmp_path / "picture.svg")
    results = compare.keep(tmp_path, facts(), {"dag": [run(9), run(12)], "bare script": [run(4321, right=False)]})
    draw.main(str(results))
    picture = (tmp_path / "picture.svg").read_text(encoding="utf-8")
    assert picture.startswith("<svg")
    for text in ("1,000 listens", "wall seconds", ">dag<", "bare script, wrong answer", "4,321"):
        assert text in picture
