"""An input in an object store is listed and read like one on a disk, for all names of objects."""

from __future__ import annotations

import gzip
import uuid
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_jobs.shared.errors import InputError
from spark_jobs.shared.input_files import beginning, list_files
from spark_jobs.shared.linked_files import file_number, link
from spark_jobs.shared.object_store import input_settings
from tests.object_store import BUCKET, ObjectStore

# Characters that a glob, a URI, Hadoop or Spark would take for something else.
ODD_NAMES = ("a*b", "{a,b}", "[ab]", "a b", "a%20b", "a:b", "a?b#c", "a\\b", "ü", "day=1/x=2", "a\tb", "x._COPYING_")


@pytest.fixture
def place(object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name below which a test writes; the environment tells where the store is."""
    for name, value in object_store.environment.items():
        monkeypatch.setenv(name, value)
    return uuid.uuid4().hex


def _listed(uri: str, input_root: str = "") -> list[str]:
    return [file.path.decode().rsplit("/", 1)[-1] for file in list_files(uri, input_root).files]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        pytest.param("2009-05-04.tsv", ["2009-05-04.tsv"], id="one object"),
        pytest.param("may", ["4.tsv", "5.tsv", "6.tsv"], id="all below a name"),
        pytest.param("may/", ["4.tsv", "5.tsv", "6.tsv"], id="a slash at the end"),
        pytest.param("*", ["2009-05-04.tsv", "4.tsv", "5.tsv", "6.tsv"], id="a star"),
        pytest.param("may/?.tsv", ["4.tsv", "5.tsv"], id="a question mark, at one depth"),
        pytest.param("may/[!4].tsv", ["5.tsv"], id="characters"),
        pytest.param("**/[56].tsv", ["5.tsv", "6.tsv"], id="any depth"),
        pytest.param("may/_*", ["_7.tsv"], id="hidden names, asked for"),
        pytest.param("may/_7.tsv", ["_7.tsv"], id="a hidden name itself"),
    ],
)
def test_glob_matches_objects_as_it_does_files(
    object_store: ObjectStore, place: str, tmp_path: Path, pattern: str, found: list[str]
) -> None:
    for name in ("2009-05-04.tsv", "may/4.tsv", "may/5.tsv", "may/deep/6.tsv", "may/_7.tsv", "may/.tmp/8.tsv"):
        object_store.put(f"{place}/{name}", b"a\n")
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"a\n")

    assert _listed(f"s3a://{BUCKET}/{place}/{pattern}") == found
    assert _listed(f"{tmp_path}/{pattern}") == found


def test_object_is_listed_with_size_and_uri(object_store: ObjectStore, place: str) -> None:
    uri = object_store.put(f"{place}/a.tsv", b"abc\n")

    (file,) = list_files(uri.replace("s3a:", "s3:")).files

    assert (file.name, file.size, beginning(file, 2)) == (uri, 4, b"ab")
    assert file.modified > 0


def test_hidden_objects_are_said_to_be_left_out(object_store: ObjectStore, place: str) -> None:
    object_store.put(f"{place}/a.tsv", b"a\n")
    hidden = object_store.put(f"{place}/_tmp/b.tsv", b"b\n")

    assert list_files(f"s3a://{BUCKET}/{place}").left_out == (f"{hidden}: hidden",)


@pytest.mark.parametrize(
    ("uri", "root", "fault"),
    [
        pytest.param(f"s3a://{BUCKET}/nothing", "", f"no file at s3a://{BUCKET}/nothing; check", id="nothing there"),
        pytest.param(f"s3a://{BUCKET}/a.bz2", "", r"a\.bz2 is compressed by its name", id="another compression"),
        pytest.param(f"s3a://{BUCKET}/a.bz2/../b", "", "has an empty part in its name, or . or ..", id="two dots"),
        pytest.param("s3a://other-bucket/a", "", "cannot be listed .*ACCESS_DENIED.*mend the keys", id="no rights"),
        pytest.param(f"s3a://{BUCKET}/in/a.tsv", f"s3a://{BUCKET}/i", "outside s3a://", id="outside the root"),
        pytest.param(f"s3a://{BUCKET}/in/a.tsv", "/logs", "outside /logs", id="a root on a disk"),
        pytest.param("/etc/hosts", f"s3a://{BUCKET}/in", "outside s3a://", id="a file, the root in a store"),
        pytest.param("s3a://key:planted@bucket/a", "", "without keys in it", id="keys in the URI"),
        pytest.param("gs://bucket/a", "", "mount another store", id="another store"),
    ],
)
def test_refused_inputs_get_a_sentence(object_store: ObjectStore, place: str, uri: str, root: str, fault: str) -> None:
    object_store.put("in/a.tsv", b"a\n")
    object_store.put("a.bz2", b"a\n")

    with pytest.raises(InputError, match=fault) as refusal:
        list_files(uri, root)
    assert "planted" not in str(refusal.value)


def test_store_without_an_answer_is_worth_a_retry(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")

    with pytest.raises(OSError, match=f"the object store of s3a://{BUCKET}/a does not answer .*; check the network"):
        list_files(f"s3a://{BUCKET}/a")


def test_spark_reads_objects_of_any_name(
    spark: SparkSession, object_store: ObjectStore, place: str, tmp_path: Path
) -> None:
    for number, name in enumerate(ODD_NAMES):
        object_store.put(f"{place}/in/{name}", b"a\n" * (number + 1))
    object_store.put(f"{place}/in/b.tsv.GZ", gzip.compress(b"b\n" * 20))
    files = list_files(f"s3a://{BUCKET}/{place}/in").files
    hidden = [list_files(object_store.put(f"{place}/{name}", b"c\n")).files[0] for name in ("_c", ".d")]
    linked = link([*files, *hidden], tmp_path / "links")

    counted = linked.read_lines(_knowing(spark, object_store)).groupBy(file_number().alias("number")).count().collect()

    lines = {linked.files[row.number].name.removeprefix(f"s3a://{BUCKET}/{place}/"): row["count"] for row in counted}
    expected = {f"in/{name}": number + 1 for number, name in enumerate(ODD_NAMES)}
    assert {name.replace("\\\\", "\\").replace("\\x09", "\t"): count for name, count in lines.items()} == {
        **expected,
        "in/b.tsv.GZ": 20,
        "_c": 1,
        ".d": 1,
    }


def _knowing(spark: SparkSession, store: ObjectStore) -> SparkSession:
    """A session that knows the store; its Java is older than the environment's keys, so that it is told of them."""
    session = spark.newSession()
    keys = {"fs.s3a.access.key": store.access_key, "fs.s3a.secret.key": store.secret_key}
    for name, value in (input_settings() | keys).items():
        session.conf.set(name.removeprefix("spark.hadoop."), value)
    return session


def test_object_written_to_is_found_out(
    spark: SparkSession, object_store: ObjectStore, place: str, tmp_path: Path
) -> None:
    uri = object_store.put(f"{place}/a.tsv", b"a\n")
    linked = link(list_files(uri).files, tmp_path / "links")
    object_store.put(f"{place}/a.tsv", b"a\nb\n")

    with pytest.raises(InputError, match="Spark sees 1 files with 4 bytes of the input, listed were 1 with 2"):
        linked.read_lines(_knowing(spark, object_store))
