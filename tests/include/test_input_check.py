from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from include.input_check import InputError, check_input, check_lake, check_profiles
from spark_jobs.shared.lake import Lake
from tests.logs import RUN_DATE


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "input"
    (root / "logs").mkdir(parents=True)
    (root / "logs" / "2009-05-04.tsv").write_bytes(b"12345")
    (root / "logs" / "2009-05-05.tsv").write_bytes(b"678")
    (root / "logs" / "_unfinished.tsv").write_bytes(b"9")
    (root / "logs" / "empty.tsv").write_bytes(b"")
    (root / "zipped").mkdir()
    (root / "zipped" / "LOG.TSV.GZ").write_bytes(b"zipped")
    return root


@pytest.mark.parametrize(
    ("input_path", "files", "size", "text"),
    [
        pytest.param("logs/2009-05-04.tsv", 1, 5, 5, id="a file"),
        pytest.param("logs/{run_date}.tsv", 1, 5, 5, id="the run date's file"),
        pytest.param("logs/2009-05-*.tsv", 2, 8, 8, id="a glob"),
        pytest.param("logs", 3, 8, 8, id="a directory, an empty file among full ones, a hidden one left out"),
        pytest.param("zipped", 1, 6, 24, id="a zipped file, of which there will be more to read"),
    ],
)
def test_what_is_found_is_counted(root: Path, lake: Lake, input_path: str, files: int, size: int, text: int) -> None:
    found = check_input(input_path, root, lake, RUN_DATE)
    where = str(root / input_path.replace("{run_date}", "2009-05-04"))
    assert found == {"input_path": where, "files": files, "bytes": size, "text_bytes": text}


def test_a_day_that_adds_nothing_may_be_empty_but_not_missing(root: Path, lake: Lake) -> None:
    found = check_input("logs/empty.tsv", root, lake, RUN_DATE, may_be_empty=True)
    assert found == {"input_path": str(root / "logs/empty.tsv"), "files": 1, "bytes": 0, "text_bytes": 0}
    with pytest.raises(InputError, match=r"no file at .*gone.tsv; check input_path"):
        check_input("gone.tsv", root, lake, RUN_DATE, may_be_empty=True)


def test_a_file_whose_name_looks_like_a_pattern_is_read_as_that_file(root: Path, lake: Lake) -> None:
    (root / "log[1].tsv").write_bytes(b"1")
    (root / "log1.tsv").write_bytes(b"1")
    assert check_input("log[1].tsv", root, lake, RUN_DATE)["input_path"] == str(root / r"log\[1\].tsv")


@pytest.mark.parametrize(
    ("input_path", "message"),
    [
        pytest.param("gone.tsv", "no file at .*gone.tsv; check input_path", id="missing"),
        pytest.param("logs/2010-*.tsv", "no file at .*2010-", id="a glob that matches nothing"),
        pytest.param("logs/empty.tsv", r"1 file\(s\) at .*, all of them empty", id="empty"),
        pytest.param("../elsewhere.tsv", "is outside .*input, the only place runs may read from", id="dots"),
        pytest.param("link.tsv", "elsewhere.tsv is outside", id="a link that leads out"),
        pytest.param("{elsewhere}", "elsewhere.tsv is outside", id="an absolute path elsewhere"),
    ],
)
def test_an_input_that_cannot_be_used_says_why_and_what_to_do(
    root: Path, lake: Lake, input_path: str, message: str
) -> None:
    (root.parent / "elsewhere.tsv").write_bytes(b"secret")
    (root / "link.tsv").symlink_to(root.parent / "elsewhere.tsv")
    input_path = input_path.replace("{elsewhere}", str(root.parent / "elsewhere.tsv"))
    with pytest.raises(InputError, match=message):
        check_input(input_path, root, lake, RUN_DATE)


def test_what_spark_is_told_is_what_was_checked_whatever_links_stand_before_dots(root: Path, lake: Lake) -> None:
    # Followed, the link makes this `logs/../2009-05-04.tsv`; taken off the text, as Hadoop does, it is outside.
    (root / "logs" / "deeper").mkdir()
    (root / "link").symlink_to(root / "logs" / "deeper")
    (root.parent / "2009-05-04.tsv").write_bytes(b"secret")
    assert (root / "link/../../logs/2009-05-04.tsv").exists()
    with pytest.raises(InputError, match="2009-05-04.tsv is outside"):
        check_input("link/../../2009-05-04.tsv", root, lake, RUN_DATE)
    for same in ("link/../logs/2009-05-04.tsv", f"/{root}/logs/2009-05-04.tsv", f"//{root}/./logs//2009-05-04.tsv"):
        found = check_input(same, root, lake, RUN_DATE)
        assert found["input_path"] == str(root / "logs/2009-05-04.tsv")


@pytest.mark.parametrize(
    ("link", "target", "input_path"),
    [
        pytest.param("logs/2009-05-06.tsv", "elsewhere/log.tsv", "logs/2009-05-*.tsv", id="a file of a glob"),
        pytest.param("logs/2009-05-06.tsv", "elsewhere/log.tsv", "logs", id="a file of a directory"),
        pytest.param("more", "elsewhere", "more", id="a directory"),
        pytest.param("more", "elsewhere", "more/log.tsv", id="a directory on the way"),
        pytest.param("more", "elsewhere", "*/*.tsv", id="a directory of a glob"),
        pytest.param("more", "logs/chain", "more/log.tsv", id="a link to a link"),
    ],
)
def test_a_link_anywhere_in_the_root_that_leads_out_is_refused(
    root: Path, lake: Lake, link: str, target: str, input_path: str
) -> None:
    (root.parent / "elsewhere").mkdir()
    (root.parent / "elsewhere" / "log.tsv").write_bytes(b"secret")
    (root / "logs" / "chain").symlink_to(root.parent / "elsewhere")
    (root / link).symlink_to(root / target if target.startswith("logs") else root.parent / target)
    with pytest.raises(InputError, match="elsewhere/log.tsv is outside"):
        check_input(input_path, root, lake, RUN_DATE)


@pytest.mark.parametrize(
    ("files", "input_path", "named"),
    [
        pytest.param(["12:00.tsv"], "12:00.tsv", "12:00.tsv", id="a file"),
        pytest.param(["logs/12:00.tsv"], "logs", "logs/12:00.tsv", id="a file of a directory"),
        pytest.param(["12:00.tsv"], "*.tsv", "12:00.tsv", id="a file of a glob"),
        pytest.param(["noon.tsv", ".12:00"], "n*.tsv", ".12:00", id="one beside what a glob matches"),
        pytest.param(["12:00/noon.tsv"], "12:00/*.tsv", "12:00", id="a directory in a glob"),
        pytest.param(["a/noon.tsv", "12:00/x"], "*/noon.tsv", "12:00", id="a directory beside what a glob matches"),
    ],
)
def test_a_colon_that_spark_would_fail_on_is_named(
    root: Path, lake: Lake, files: list[str], input_path: str, named: str
) -> None:
    write(root, files)
    with pytest.raises(InputError, match=f"/input/{named} has a ':' in its name, which Spark cannot read"):
        check_input(input_path, root, lake, RUN_DATE)


@pytest.mark.parametrize(
    ("files", "input_path"),
    [
        pytest.param(["12:00/noon.tsv"], "12:00/noon.tsv", id="in a directory's name"),
        pytest.param(["day/noon.tsv", "day/_12:00"], "day", id="in a hidden file's name"),
        pytest.param(["day/noon.tsv", "12:00"], "day/*.tsv", id="beside a part that is no pattern"),
    ],
)
def test_a_colon_that_spark_does_not_mind_is_let_pass(
    root: Path, lake: Lake, files: list[str], input_path: str
) -> None:
    write(root, files)
    assert check_input(input_path, root, lake, RUN_DATE)["files"] == 1


def write(root: Path, files: list[str]) -> None:
    for file in files:
        (root / file).parent.mkdir(exist_ok=True)
        (root / file).write_bytes(b"1")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        pytest.param(None, "", id="none"),
        pytest.param("", "", id="an empty one"),
        pytest.param("logs/{run_date}.tsv", "logs/2009-05-04.tsv", id="the run date's"),
        pytest.param("[1].tsv", r"\[1\].tsv", id="brackets that are letters"),
    ],
)
def test_profiles_are_found_as_the_input_is(root: Path, path: str | None, found: str) -> None:
    write(root, ["[1].tsv"])
    where = str(root / found) if found else ""
    assert check_profiles(path, root, RUN_DATE) == {"profiles": where, "profiles_problem": ""}


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        pytest.param("gone.tsv", "no file at .*gone.tsv; check profiles_path", id="missing"),
        pytest.param("../elsewhere.tsv", "elsewhere.tsv is outside .*input, the only place", id="dots"),
        pytest.param("link.tsv", "elsewhere.tsv is outside", id="a link that leads out"),
        pytest.param("12:00.tsv", "12:00.tsv has a ':' in its name", id="a colon"),
        pytest.param("x" * 300, "cannot be read .File name too long.", id="a name no file can have"),
    ],
)
def test_profiles_that_cannot_be_used_are_a_problem_and_no_error(root: Path, path: str, problem: str) -> None:
    write(root, ["12:00.tsv"])
    (root.parent / "elsewhere.tsv").write_bytes(b"secret")
    (root / "link.tsv").symlink_to(root.parent / "elsewhere.tsv")
    found = check_profiles(path, root, RUN_DATE)
    assert found["profiles"] == os.path.normpath(root / path)
    assert re.search(problem, found["profiles_problem"])


def test_a_lake_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match=r"cannot be written \(Not a directory\); create it for the user that runs"):
        check_lake(Lake(str(tmp_path / "file" / "lake")))


@pytest.mark.parametrize("name", ["lake [1]", "lake*", "{lake}"])
def test_a_lake_whose_path_spark_takes_for_a_pattern_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="in its path, which Spark takes for a pattern; choose another place"):
        check_lake(Lake(str(tmp_path / name)))


def test_an_input_that_may_not_be_read_says_so(root: Path, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root may read everything, and the tests may be root.
    monkeypatch.setattr("include.input_check.os.access", lambda *_: False)
    with pytest.raises(InputError, match="2009-05-04.tsv may not be read by the user that runs Airflow"):
        check_input("logs/2009-05-04.tsv", root, lake, RUN_DATE)


def test_checking_the_lake_leaves_nothing_in_it(lake: Lake) -> None:
    check_lake(lake)
    assert [path for path in Path(lake.root).rglob("*") if path.is_file()] == []
