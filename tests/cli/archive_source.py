"""A server of this machine that has the data set's archive, and behaves as well or as badly as a test wants."""

from __future__ import annotations

import hashlib
import http.server
import io
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from cli.data import ARCHIVE, LISTENS, Published

PROFILES = "userid-profile.tsv"
# Hashes do not compress: the archive is big enough to be cut in the middle.
FILES = {LISTENS: b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(12_000)), PROFILES: b"#id\tgender\n"}


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", size: int = 0) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.size = kind, target, size
    return member


def packed(*others: tarfile.TarInfo, files: dict[str, bytes] = FILES) -> bytes:
    """An archive as the real one is, with these empty members after its own."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.addfile(member("lastfm-dataset-1K", tarfile.DIRTYPE))
        for name, content in {"README.txt": b"read me", **files}.items():
            tar.addfile(member(f"lastfm-dataset-1K/{name}", size=len(content)), io.BytesIO(content))
        for other in others:
            tar.addfile(other)
    return archive.getvalue()


@dataclass
class Source:
    """A local server: its content, its faults, and the requests that it got."""

    content: bytes = field(default_factory=packed)
    validator: dict[str, str] = field(default_factory=lambda: {"ETag": '"first"'})
    status: int = 200
    knows_ranges: bool = True
    knows_if_range: bool = True
    shifts_ranges_by: int = 0
    cuts_after: int | None = None
    stalls_after: int | None = None
    address: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def published(self) -> Published:
        return Published((self.address,), md5(self.content), {name: md5(content) for name, content in FILES.items()})

    def answer(self, asked: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body; the precondition comes before the range, as in RFC 9110."""
        is_another = self.knows_if_range and asked.get("If-Range") not in self.validator.values()
        if self.status != http.HTTPStatus.OK or "Range" not in asked or not self.knows_ranges or is_another:
            return self.status, self.validator, self.content
        start = int(asked["Range"].removeprefix("bytes=").removesuffix("-")) + self.shifts_ranges_by
        size = len(self.content)
        if start >= size:
            return 416, {"Content-Range": f"bytes */{size}"}, b""
        return 206, {**self.validator, "Content-Range": f"bytes {start}-{size - 1}/{size}"}, self.content[start:]


@contextmanager
def serving() -> Iterator[Source]:
    """Serve a source until the end of the test."""
    source, ended = Source(), threading.Event()

    class Files(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            source.asked.append(dict(self.headers))
            status, headers, body = source.answer(dict(self.headers))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: source.cuts_after or source.stalls_after])
            if source.stalls_after:
                ended.wait(60)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    source.address = f"http://127.0.0.1:{server.server_port}/{ARCHIVE}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield source
    ended.set()
    server.shutdown()
    server.server_close()
