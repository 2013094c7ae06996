"""The jars of the lake, fetched from a repository of this machine."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.deployment.jars import FOLDER, LAKE, S3, Jar, JarError, local_jars, spark_jars

CONTENT = b"a jar"
JAR = Jar("org.example", "lake", "1.0", hashlib.sha256(CONTENT).hexdigest())


class Repository:
    """A Maven repository: the content it serves and the paths it was asked for."""

    def __init__(self) -> None:
        self.content = CONTENT
        self.asked: list[str] = []


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    repository = Repository()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            repository.asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(repository.content)))
            self.end_headers()
            self.wfile.write(repository.content)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("PIPELINE_MAVEN_URL", f"http://127.0.0.1:{server.server_port}/maven2/")
        yield repository
        server.shutdown()


def test_jar_is_fetched_once(repository: Repository, tmp_path: Path) -> None:
    first = local_jars([JAR], tmp_path)
    second = local_jars([JAR], tmp_path)

    assert first == second == [tmp_path / "lake-1.0.jar"]
    assert first[0].read_bytes() == CONTENT
    assert repository.asked == ["/maven2/org/example/lake/1.0/lake-1.0.jar"]


def test_damaged_jar_is_fetched_again(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / JAR.file_name).write_bytes(b"half a j")

    assert local_jars([JAR], tmp_path)[0].read_bytes() == CONTENT


def test_jar_of_another_hash_is_refused(repository: Repository, tmp_path: Path) -> None:
    repository.content = b"another jar"

    with pytest.raises(JarError, match="PIPELINE_MAVEN_URL"):
        local_jars([JAR], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_message_says_where_to_put_jar(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PIPELINE_MAVEN_URL", "http://127.0.0.1:9")

    with pytest.raises(JarError, match=f"{tmp_path}/lake-1.0.jar is not there"):
        local_jars([JAR], tmp_path)


@pytest.mark.parametrize(
    ("places", "in_a_store"),
    [(("/lake", "/log.tsv"), False), (("s3://bucket/lake",), True), (("/lake", "s3a://bucket/log.tsv"), True)],
)
def test_jars_for_object_stores_come_only_when_needed(places: tuple[str, ...], in_a_store: bool) -> None:
    given = spark_jars(*places, connection={"spark.jars": "local:/theirs.jar"})["spark.jars"].split(",")
    assert {any(jar.file_name in one for one in given) for jar in S3} == {in_a_store}
    assert given[-1] == "local:/theirs.jar"


def test_jars_of_connection_stay_beside_ours() -> None:
    theirs = {"spark.jars": "theirs.jar", "spark.driver.extraClassPath": "/theirs.jar"}
    ours = [FOLDER / jar.file_name for jar in LAKE]

    on_cluster = spark_jars(master="spark://host:7077", connection=theirs)
    alone = spark_jars(master="local[*]", connection=theirs)

    assert on_cluster == {"spark.jars": ",".join([*(jar.as_uri() for jar in ours), "theirs.jar"])}
    assert alone == {"spark.driver.extraClassPath": ":".join([*map(str, ours), "/theirs.jar"])}
