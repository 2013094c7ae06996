from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from spark_jobs.shared.errors import InputError
from spark_jobs.shared.input_files import OTHER_COMPRESSIONS, differences, directories_of, list_files
from spark_jobs.shared.paths import in_ascii


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "log.tsv").write_bytes(b"secret")
    return tmp_path / "in"


def write(root: Path, *names: str | bytes) -> None:
    for name in names:
        path = os.path.join(os.fsencode(root), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"12345")


def listed(root: Path, path: str = "") -> list[bytes]:
    files = list_files(str(root / path), str(root)).files
    return [file.path.removeprefix(os.fsencode(root) + b"/") for file in files]


ANY_NAMES = (b"M\xfcsik", "Müsik".encode(), b"12:00", b"log[1]*.tsv", b"a\nb", b"back\\slash", b"year=2009/x.tsv")


def test_directory_means_every_file_below_it(root: Path) -> None:
    write(root, "2009/05/04.tsv", "2009/all.tsv", "top.tsv", *ANY_NAMES)
    assert listed(root) == sorted([b"2009/05/04.tsv", b"2009/all.tsv", b"top.tsv", *ANY_NAMES])


@pytest.mark.parametrize("name", ANY_NAMES)
def test_file_is_found_whatever_its_name(root: Path, name: bytes) -> None:
    write(root, name)
    assert [file.path for file in list_files(in_ascii(os.fsencode(root) + b"/" + name)).files] == [
        os.fsencode(root) + b"/" + name
    ]


def test_glob_matches_at_any_depth(root: Path) -> None:
    write(root, "2009/05/04.tsv", "2009/05/04.txt", "2010/01/01.tsv")
    assert listed(root, "**/*.tsv") == [b"2009/05/04.tsv", b"2010/01/01.tsv"]
    assert listed(root, "2009/*/*") == [b"2009/05/04.tsv", b"2009/05/04.txt"]
    assert listed(root, "20*") == [b"2009/05/04.tsv", b"2009/05/04.txt", b"2010/01/01.tsv"]


def test_hidden_names_are_left_out_and_named(root: Path) -> None:
    write(root, "day/log.tsv", "day/_SUCCESS", ".git/config", "_temporary/0/part")
    found = list_files(str(root))
    assert [file.name for file in found.files] == [f"{root}/day/log.tsv"]
    assert found.left_out == (f"{root}/.git: hidden", f"{root}/_temporary: hidden", f"{root}/day/_SUCCESS: hidden")
    by_glob = (f"{root}/.git: hidden", f"{root}/_temporary: hidden", f"{root}/day/_SUCCESS: hidden")
    assert list_files(str(root / "*/*")).left_out == by_glob
    assert list_files(str(root / "**")).left_out == by_glob
    assert listed(root, "day/_S*") == [b"day/_SUCCESS"]


def test_hidden_file_named_in_full_is_read(root: Path) -> None:
    write(root, ".log.tsv", "_log.tsv")
    assert listed(root, ".log.tsv") == [b".log.tsv"]
    assert listed(root, "_log.tsv") == [b"_log.tsv"]


def test_file_with_two_names_is_listed_once(root: Path) -> None:
    write(root, "z/log.tsv")
    (root / "a link.tsv").symlink_to(root / "z" / "log.tsv")
    (root / "year").symlink_to(root / "z")
    found = list_files(str(root))
    assert [file.name for file in found.files] == [f"{root}/z/log.tsv"]
    assert found.left_out == (
        f"{root}/a link.tsv: the same file as {root}/z/log.tsv",
        f"{root}/year/log.tsv: the same file as {root}/z/log.tsv",
    )


def test_what_is_no_file_is_named(root: Path) -> None:
    write(root, "log.tsv")
    os.mkfifo(root / "pipe")
    assert list_files(str(root)).left_out == (f"{root}/pipe: no regular file",)


@pytest.mark.parametrize(
    ("link", "target", "path"),
    [
        pytest.param("link.tsv", "../elsewhere/log.tsv", "link.tsv", id="a file"),
        pytest.param("link.tsv", "../elsewhere/log.tsv", "*.tsv", id="a file of a glob"),
        pytest.param("link.tsv", "../elsewhere/log.tsv", "", id="a file of a directory"),
        pytest.param("more", "../elsewhere", "more", id="a directory"),
        pytest.param("more", "../elsewhere", "more/log.tsv", id="a directory on the way"),
        pytest.param("more", "../elsewhere", "", id="a directory of a directory"),
        pytest.param("more", "chain", "more/log.tsv", id="a link to a link"),
    ],
)
def test_link_out_of_the_root_is_refused(root: Path, link: str, target: str, path: str) -> None:
    (root / ".hidden").mkdir()
    (root / "chain").symlink_to("../elsewhere")
    (root / link).symlink_to(target)
    with pytest.raises(InputError, match="/elsewhere/log.tsv, outside .*/in, the only place runs may read from"):
        list_files(str(root / path), str(root))


def test_path_out_of_the_root_is_refused(root: Path) -> None:
    write(root.parent, "in-of-others/log.tsv")
    for path in (root.parent / "elsewhere", root / ".." / "elsewhere", root.parent / "in-of-others"):
        with pytest.raises(InputError, match="outside"):
            list_files(str(path), str(root))
    assert len(list_files(str(root.parent / "elsewhere")).files) == 1


@pytest.mark.parametrize(
    ("target", "message"),
    [
        pytest.param("gone", r"in/link cannot be read \(No such file or directory\); mend or remove it", id="nowhere"),
        pytest.param("link", r"in/link cannot be read \(Too many levels of symbolic links\)", id="to itself"),
        pytest.param(".", "in/link is a link to a directory that it lies in; remove the link", id="to what is above"),
    ],
)
def test_link_that_leads_nowhere_is_an_error(root: Path, target: str, message: str) -> None:
    write(root, "log.tsv")
    (root / "link").symlink_to(target)
    with pytest.raises(InputError, match=message):
        list_files(str(root))


@pytest.mark.parametrize("path", ["**/*.tsv", "l1/**"])
def test_links_in_a_circle_end_a_glob(root: Path, path: str) -> None:
    write(root, "log.tsv")
    for name in ("l1", "l2"):
        (root / name).symlink_to(".")
    with pytest.raises(InputError, match="is a link to a directory that it lies in"):
        list_files(str(root / path))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be a user who may not list a directory of its own making")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize(
    ("read", "path"),
    [(list_files, ""), (list_files, "*/*.tsv"), (list_files, "**/*.tsv"), (directories_of, "*/*.tsv")],
)
def test_directory_that_cannot_be_listed_is_an_error(read: Callable[[str], object], path: str) -> None:
    # Other users cannot enter pytest's own directory.
    with tempfile.TemporaryDirectory() as root:
        write(Path(root), "2008/a.tsv", "2009/b.tsv")
        os.chmod(root, 0o755)  # noqa: S103  (another user is to come in)
        os.chmod(f"{root}/2009", 0o700)
        child = os.fork()
        if child == 0:
            os.setuid(65534)
            try:
                read(f"{root}/{path}")
            except InputError as error:
                os._exit(0 if f"{root}/2009 cannot be read (Permission denied)" in str(error) else 2)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("path", ["gs://bucket/logs", "hdfs://name/logs", "file:/logs"])
def test_other_stores_are_refused(path: str) -> None:
    with pytest.raises(InputError, match=f"found '{path}', allowed is a local path, file:///... or s3a://"):
        list_files(path)


@pytest.mark.parametrize("suffix", [*OTHER_COMPRESSIONS, ".BZ2"])
def test_other_compressions_are_refused_by_name(root: Path, suffix: str) -> None:
    write(root, "1.tsv", f"2.tsv{suffix}")
    with pytest.raises(InputError, match=rf"/2\.tsv{suffix} is compressed by its name; allowed are plain text and"):
        list_files(str(root))


@pytest.mark.parametrize("path", ["gone.tsv", "*.tsv", "empty", "n" * 300])
def test_input_without_a_file_is_refused(root: Path, path: str) -> None:
    (root / "empty").mkdir()
    with pytest.raises(InputError, match="no file at .*; check the path, and that the file has arrived"):
        list_files(str(root / path))


def test_unreadable_file_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(root, b"M\xfcsik.tsv")
    # Root may read everything, and the tests may be root.
    monkeypatch.setattr("spark_jobs.shared.input_files.os.access", lambda *_: False)
    with pytest.raises(InputError, match=r"/M\\xfcsik.tsv may not be read by the user that runs this"):
        list_files(str(root))


def test_differences_are_told_by_name_size_and_time(root: Path) -> None:
    write(root, "1", "2", "3", "4", "5")
    files = list_files(str(root)).files
    before = [(file.name, file.size, file.modified) for file in files]
    assert differences(before, files) == ""
    one, two, *_ = before
    changed = [(one[0], 4, one[2]), (two[0], two[1], two[2] - 1), *before[2:4], (f"{root}/gone", 1, 1)]
    assert differences(changed, files) == (
        f"{root}/1 went from 4 to 5 bytes; {root}/2 was written to or replaced; {root}/5 is new; and 1 more"
    )
