from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from include.runs.input_check import InputError, absolute, check_input, check_lake, keep_listing
from spark_jobs.lake.errors import EarlierLakeError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.paths import in_ascii
from tests.logs import RUN_DATE

LISTEN = b"u\t2009-05-04T12:00:00Z\t\ta\t\tt\n"
SIZE = len(LISTEN)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "input"
    write(root, ["logs/2009-05-04.tsv", "logs/2009/05.tsv", "logs/_unfinished.tsv"])
    (root / "logs" / "empty.tsv").write_bytes(b"")
    (root / "zipped").mkdir()
    (root / "zipped" / "LOG.TSV.GZ").write_bytes(gzip.compress(LISTEN))
    return root


def write(root: Path, files: list[str]) -> None:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(LISTEN)


@pytest.mark.parametrize(
    ("input_path", "files", "text"),
    [
        pytest.param("logs/2009-05-04.tsv", ["logs/2009-05-04.tsv"], SIZE, id="a file"),
        pytest.param("logs/{run_date}.tsv", ["logs/2009-05-04.tsv"], SIZE, id="the run date's file"),
        pytest.param("logs/2009*", ["logs/2009-05-04.tsv", "logs/2009/05.tsv"], 2 * SIZE, id="a glob"),
        pytest.param("logs", ["logs/2009-05-04.tsv", "logs/2009/05.tsv", "logs/empty.tsv"], 2 * SIZE, id="a directory"),
        pytest.param("zipped", ["zipped/LOG.TSV.GZ"], 4 * len(gzip.compress(LISTEN)), id="a zipped file grows"),
        pytest.param("./logs/../zipped//", ["zipped/LOG.TSV.GZ"], 4 * len(gzip.compress(LISTEN)), id="dots"),
    ],
)
def test_input_is_found(root: Path, lake: Lake, input_path: str, files: list[str], text: int) -> None:
    found = check_input(input_path, root, lake, RUN_DATE)
    assert [file.name for file in found.listing.files] == [str(root / file) for file in files]
    assert found.to_xcom() == {
        "input_path": os.path.normpath(root / input_path.replace("{run_date}", "2009-05-04")),
        "text_bytes": text,
    }


def test_path_of_any_bytes_is_told_in_ascii(root: Path, lake: Lake) -> None:
    path = os.fsencode(root) + b"/M\xfcsik \xc3\xa9"
    os.mkdir(path)
    with open(path + b"/log.tsv", "wb") as log:
        log.write(LISTEN)
    found = check_input(in_ascii(path), root, lake, RUN_DATE)
    assert found.path == f"file://{root}/M%FCsik%20%C3%A9"
    listed = json.loads(Path(keep_listing(found, lake, RUN_DATE)).read_bytes())
    assert listed["input_path"] == f"{root}/M\\xfcsik é"
    assert [file["file"] for file in listed["files"]] == [f"{root}/M\\xfcsik é/log.tsv"]


def test_listing_has_files_and_what_was_left_out(root: Path, lake: Lake) -> None:
    kept = keep_listing(check_input("logs", root, lake, RUN_DATE), lake, RUN_DATE)
    listed = json.loads(Path(kept).read_bytes())
    assert [(file["file"], file["bytes"]) for file in listed["files"]] == [
        (f"{root}/logs/2009-05-04.tsv", SIZE),
        (f"{root}/logs/2009/05.tsv", SIZE),
        (f"{root}/logs/empty.tsv", 0),
    ]
    assert listed["left_out"] == [f"{root}/logs/_unfinished.tsv: hidden"]


def test_daily_input_may_be_empty_but_not_missing(root: Path, lake: Lake) -> None:
    found = check_input("logs/empty.tsv", root, lake, RUN_DATE, may_be_empty=True)
    assert [file.size for file in found.listing.files] == [0]
    with pytest.raises(InputError, match=r"no file at .*gone.tsv; check the path"):
        check_input("gone.tsv", root, lake, RUN_DATE, may_be_empty=True)


@pytest.mark.parametrize(
    ("input_path", "message"),
    [
        pytest.param("gone.tsv", "no file at .*gone.tsv; check the path", id="missing"),
        pytest.param("logs/empty.tsv", r"1 file\(s\) at .*, all of them empty", id="empty"),
        pytest.param("../elsewhere.tsv", "is .*elsewhere.tsv, outside .*input, the only place runs may", id="dots"),
        pytest.param("logs/deeper/../../../elsewhere.tsv", "elsewhere.tsv, outside", id="dots behind a link"),
        pytest.param("link.tsv", "link.tsv is .*elsewhere.tsv, outside", id="a link that leads out"),
        pytest.param("{elsewhere}", "elsewhere.tsv, outside", id="an absolute path elsewhere"),
        pytest.param("other.csv", "other.csv is no listening log .* found: 2 fields with commas", id="another format"),
    ],
)
def test_input_that_cannot_be_used_says_why(root: Path, lake: Lake, input_path: str, message: str) -> None:
    (root.parent / "elsewhere.tsv").write_bytes(b"secret")
    (root / "link.tsv").symlink_to(root.parent / "elsewhere.tsv")
    (root / "logs" / "deeper").symlink_to(root / "zipped")
    (root / "other.csv").write_bytes(b"a,b\n")
    input_path = input_path.replace("{elsewhere}", str(root.parent / "elsewhere.tsv"))
    with pytest.raises(InputError, match=message):
        check_input(input_path, root, lake, RUN_DATE)


@pytest.mark.parametrize(
    ("input_path", "lake_path", "message"),
    [
        pytest.param("logs", "input/logs/lake", "the lake .* lies in the input .*/input/logs; choose", id="in it"),
        pytest.param("logs", "input/logs", "the lake .* lies in the input", id="the same"),
        pytest.param("*", "input/logs/lake", "the lake .* lies in the input .*/input/logs", id="in a match"),
        pytest.param("link", "input/logs/lake", "the lake .* lies in the input .*/input/logs", id="by a link"),
        pytest.param("logs", "input", "the input .*2009-05-04.tsv lies in the lake", id="the other way round"),
        pytest.param("logs/2009/05.tsv", "link", "the input .*05.tsv lies in the lake", id="a file, by a link"),
    ],
)
def test_lake_and_input_lie_apart(root: Path, input_path: str, lake_path: str, message: str) -> None:
    (root / "link").symlink_to(root / "logs")
    (root.parent / "link").symlink_to(root / "logs")
    with pytest.raises(InputError, match=message):
        check_input(input_path, root, Lake(str(root.parent / lake_path), "listening"), RUN_DATE)


def test_refused_lake_leaves_nothing_in_the_input(root: Path) -> None:
    (root / "logs" / "lake").mkdir()
    (root / "logs" / "lake" / "x.zstd").write_bytes(b"")
    with pytest.raises(InputError, match="the lake .* lies in the input"):
        check_input("logs", root, Lake(str(root / "logs" / "lake"), "listening"), RUN_DATE)
    assert [path.name for path in (root / "logs" / "lake").iterdir()] == ["x.zstd"]


def test_lake_beside_a_file_is_no_fault(root: Path) -> None:
    check_input("logs/2009-05-04.tsv", root, Lake(str(root / "logs" / "lake"), "listening"), RUN_DATE)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        pytest.param("logs/{run_date}.tsv", "logs/2009-05-04.tsv", id="the run date's"),
        pytest.param("[1].tsv", "[1].tsv", id="brackets that are letters"),
        pytest.param("gone/../../elsewhere.tsv", "../elsewhere.tsv", id="dots"),
    ],
)
def test_relative_path_is_below_the_root(root: Path, path: str, found: str) -> None:
    assert absolute(path, root, RUN_DATE) == os.path.normpath(root / found)


def test_a_lake_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match=r"cannot be written \(Not a directory\); create it for the user that runs"):
        check_lake(Lake(str(tmp_path / "file" / "lake"), "listening"))


@pytest.mark.parametrize("name", ["lake [1]", "lake*", "{lake}"])
def test_lake_path_with_pattern_characters_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="in its path, which Spark takes for a pattern; choose another place"):
        check_lake(Lake(str(tmp_path / name), "listening"))


def test_lake_whose_path_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"/M\\xfcsik has bytes in its path that are no text in UTF-8"):
        check_lake(Lake(os.fsdecode(os.fsencode(tmp_path) + b"/M\xfcsik"), "listening"))


def test_checking_the_lake_leaves_only_its_catalog(lake: Lake) -> None:
    check_lake(lake)
    assert [path.name for path in Path(lake.root).rglob("*") if path.is_file()] == ["catalog.db"]


def test_lake_of_an_earlier_version_is_refused(lake: Lake) -> None:
    (Path(lake.root) / "listens" / "run_date=2009-05-03").mkdir(parents=True)
    with pytest.raises(EarlierLakeError, match="is a lake of an earlier version, it has listens/run_date=2009-05-03"):
        check_lake(lake)
