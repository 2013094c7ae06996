from __future__ import annotations

import functools
import http.server
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import cjdk
import pytest

from cli.java import Java, JavaError, ask_java, java_home
from tests.conftest import PROJECT

REAL_JAVA = java_home(PROJECT / ".java") / "bin" / "java"


def fake_java(home: Path, version: str) -> Path:
    """A Java home whose `java` says what a real one would."""
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(
        f"#!/bin/sh\ncat >&2 <<'.'\n    java.home = {home}\n    java.specification.version = {version}\n.\n"
    )
    java.chmod(0o755)
    return home


@pytest.fixture(autouse=True)
def no_java(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a Java of its own, but with a shell."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr("cli.java.shutil.which", lambda _: None)


def test_this_machines_java_says_what_it_is() -> None:
    real = ask_java(REAL_JAVA)
    assert real
    assert real.version in (17, 21)
    assert (real.home / "bin" / "java").exists()


@pytest.mark.parametrize(("version", "feature"), [("17", 17), ("21", 21), ("1.8", 8)])
def test_feature_version_comes_from_javas_own_output(tmp_path: Path, version: str, feature: int) -> None:
    assert ask_java(fake_java(tmp_path, version) / "bin" / "java") == Java(feature, tmp_path)


def test_a_command_that_is_no_java_is_none(tmp_path: Path) -> None:
    assert ask_java(tmp_path / "java") is None
    assert ask_java(Path("/bin/echo")) is None


@pytest.mark.parametrize("version", ["17", "21"])
def test_java_home_of_17_or_21_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setenv("JAVA_HOME", str(fake_java(tmp_path / "java", version)))
    assert java_home(tmp_path / "installed") == tmp_path / "java"


@pytest.mark.parametrize(("version", "named"), [("11", "Java 11"), ("25", "Java 25"), (None, "no Java at all")])
def test_an_unsuitable_java_home_gets_a_clear_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str | None, named: str
) -> None:
    home = fake_java(tmp_path / "java", version) if version else tmp_path
    monkeypatch.setenv("JAVA_HOME", str(home))
    with pytest.raises(JavaError, match=f"JAVA_HOME={home} is {named}, allowed is Java 17 or 21; point JAVA_HOME"):
        java_home(tmp_path / "installed")


def test_java_behind_a_launcher_on_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = fake_java(tmp_path / "java", "21")
    launcher = tmp_path / "shims" / "java"
    launcher.parent.mkdir()
    launcher.write_text(f'#!/bin/sh\nexec "{home}/bin/java" "$@"\n')
    launcher.chmod(0o755)
    monkeypatch.setattr("cli.java.shutil.which", lambda _: str(launcher))
    assert java_home(tmp_path / "installed") == home


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """An index of Java runtimes, and the archive of one, on a server of this machine."""
    fake_java(tmp_path / "packed" / "jdk-17.0.15-jre", "17")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.add(tmp_path / "packed" / "jdk-17.0.15-jre", arcname="jdk-17.0.15-jre")

    class Files(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(archive.getvalue() if self.path.endswith("tar.gz") else catalogue)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    address = f"http://127.0.0.1:{server.server_port}"
    runtime = {"jdk@temurin-jre": {"17.0.15": f"tgz+{address}/17.tar.gz"}}
    systems = {system: {"amd64": runtime, "arm64": runtime} for system in ("linux", "darwin", "windows")}
    catalogue = json.dumps(systems).encode()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"{address}/index.json"
    server.shutdown()
    server.server_close()


def test_missing_java_is_installed_once_into_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index: str
) -> None:
    unencrypted = functools.partial(cjdk.java_home, index_url=index, _allow_insecure_for_testing=True)
    monkeypatch.setattr(cjdk, "java_home", unencrypted)
    installed = java_home(tmp_path / "installed")
    assert installed.is_relative_to(tmp_path / "installed")
    found = ask_java(installed / "bin" / "java")
    assert found
    assert found.version == 17
    assert java_home(tmp_path / "installed") == installed


def test_install_error_without_network_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = functools.partial(cjdk.java_home, index_url="https://127.0.0.1:9/index.json")
    monkeypatch.setattr(cjdk, "java_home", nowhere)
    with pytest.raises(JavaError, match="installing one failed .* install openjdk-17-jre-headless or the like by hand"):
        java_home(tmp_path / "installed")
