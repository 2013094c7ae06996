"""A real S3 server on loopback, in memory, which checks every signature and what its one user may do."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from pyarrow.fs import FileSelector, FileType, S3FileSystem

from tests.stack.spark_cluster import free_port

# Not among the requirements: it brings botocore, which allows no python-dateutil of the version that is pinned.
MOTO = "moto[server]==5.2.5"
BUCKET, REGION, USER = "music", "us-east-1", "pipeline"
# The rights that docs/object_store.md names; the server's name for one that AWS has in s3:ListBucket is the last.
RIGHTS = {
    f"arn:aws:s3:::{BUCKET}": ["s3:ListBucket", "s3:HeadBucket"],
    f"arn:aws:s3:::{BUCKET}/*": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
}
# The requests with which a bucket and a user are made; those that come after them must be signed.
_UNSIGNED = 4
_START_SECONDS = 120


@dataclass(frozen=True)
class ObjectStore:
    """Where the server is, and the keys of the user who may read and write the one bucket."""

    url: str
    access_key: str
    secret_key: str

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment variables with which a deployment reaches the store."""
        return {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }

    @property
    def files(self) -> S3FileSystem:
        """The store as a test looks into it."""
        return S3FileSystem(
            access_key=self.access_key, secret_key=self.secret_key, endpoint_override=self.url, region=REGION
        )

    def put(self, name: str, content: bytes) -> str:
        """Write an object, and return its URI."""
        with self.files.open_output_stream(f"{BUCKET}/{name}", compression=None) as file:
            file.write(content)
        return f"s3a://{BUCKET}/{name}"

    def get(self, name: str) -> bytes:
        with self.files.open_input_stream(f"{BUCKET}/{name}", compression=None) as file:
            return file.read()

    def names(self, prefix: str = "") -> list[str]:
        """The names of all objects below a prefix, in order."""
        found = self.files.get_file_info(FileSelector(f"{BUCKET}/{prefix}", allow_not_found=True, recursive=True))
        return sorted(info.path.removeprefix(f"{BUCKET}/") for info in found if info.type == FileType.File)


@contextmanager
def object_store(log: Path) -> Iterator[ObjectStore]:
    """Serve an empty bucket until the block ends; what the server says goes into a file."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    uv = str(Path(sys.executable).with_name("uv"))
    command = [uv, "tool", "run", "--quiet", "--from", MOTO, "moto_server", "-H", "127.0.0.1", "-p", str(port)]
    environment = os.environ | {"INITIAL_NO_AUTH_ACTION_COUNT": str(_UNSIGNED)}
    with log.open("wb") as said:
        server = subprocess.Popen(command, env=environment, stdout=said, stderr=said, start_new_session=True)
    try:
        _wait_for(server, url, log)
        yield _with_user(url)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def _wait_for(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < end, f"no answer of {url} after {_START_SECONDS} seconds"
        with suppress(OSError), urlopen(f"{url}/moto-api/", timeout=5):  # noqa: S310
            return
        time.sleep(0.1)


def _with_user(url: str) -> ObjectStore:
    _ask(url, "s3", "PUT", f"/{BUCKET}", "")
    _iam(url, Action="CreateUser", UserName=USER)
    keys = _iam(url, Action="CreateAccessKey", UserName=USER)
    rights = [{"Effect": "Allow", "Action": actions, "Resource": name} for name, actions in RIGHTS.items()]
    policy = json.dumps({"Version": "2012-10-17", "Statement": rights})
    _iam(url, Action="PutUserPolicy", UserName=USER, PolicyName="lake", PolicyDocument=policy)
    access_key, secret_key = (re.findall(f"<{name}>(.+?)<", keys)[0] for name in ("AccessKeyId", "SecretAccessKey"))
    return ObjectStore(url, access_key, secret_key)


def _iam(url: str, **parameters: str) -> str:
    return _ask(url, "iam", "POST", "/", urlencode({**parameters, "Version": "2010-05-08"}))


def _ask(url: str, service: str, method: str, path: str, body: str) -> str:
    # The server knows the service by what would be signed.
    scope = f"AWS4-HMAC-SHA256 Credential=none/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature="
    request = Request(url + path, body.encode(), {"Authorization": scope}, method=method)  # noqa: S310
    with urlopen(request, timeout=_START_SECONDS) as answer:  # noqa: S310
        return answer.read().decode()
