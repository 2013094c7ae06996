"""The object store that the environment describes: to Spark's reader of an input, and to `UPath` in this process.

Keys come from the environment, the file that AWS_SHARED_CREDENTIALS_FILE names, or the role of the machine; none of
them is in what is returned here. pyarrow speaks to the store, as it does for pyiceberg: both take the same keys.
"""

from __future__ import annotations

import os
import re
from functools import cache
from typing import Any

from fsspec import register_implementation
from fsspec.implementations.arrow import ArrowFSWrapper

# As the lake's root and as an input are written; Hadoop knows the second one only.
SCHEME, INPUT_SCHEME = "s3://", "s3a://"
_ENDPOINT = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
_REGION = ("AWS_REGION", "AWS_DEFAULT_REGION")
# Those of the connection's properties file first.
_PROVIDERS = (
    "org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider",
    "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
    "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider",
)
# The store's errors against which trying again is useless.
_REFUSED = re.compile(r"AWS Error (ACCESS_DENIED|NO_SUCH_BUCKET|SIGNATURE_DOES_NOT_MATCH|INVALID_ACCESS_KEY_ID)")


def endpoint() -> str:
    """Return the URL of a store other than AWS; empty for AWS."""
    return _first(_ENDPOINT)


def region() -> str:
    """Return the store's region; empty where nothing says it."""
    return _first(_REGION)


def input_settings() -> dict[str, str]:
    """Return what Spark needs to read `s3a://` inputs; they are prefixed for its own configuration.

    A store of one's own has no DNS name for each bucket: its buckets are in the path.
    """
    there = {"endpoint": endpoint(), "path.style.access": "true"} if endpoint() else {}
    ours = {"aws.credentials.provider": ",".join(_PROVIDERS), "endpoint.region": region(), **there}
    return {f"spark.hadoop.fs.s3a.{name}": value for name, value in ours.items() if value}


def is_refusal(error: BaseException) -> bool:
    """Did the store refuse, as it will again?"""
    return _REFUSED.search(str(error)) is not None


def no_answer(place: str, error: OSError) -> OSError:
    """Return what to raise where a store does not answer, as it may at the next try."""
    return OSError(
        f"the object store of {place} does not answer ({error}); check the network and AWS_ENDPOINT_URL_S3. "
        "Nothing was published"
    )


def without_keys(uri: str) -> str:
    """Return a URI as it may be told: people write keys in front of a bucket.

    >>> without_keys("s3://key:sec/ret@bucket/lake")
    's3://...@bucket/lake'
    """
    # A secret may have a slash in it.
    return re.sub(r"//.*@", "//...@", uri, flags=re.DOTALL)


def _first(names: tuple[str, ...]) -> str:
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


class ArrowStore(ArrowFSWrapper):
    """pyarrow's S3 as fsspec, and so `UPath`, wants it: a name is taken as it is, and there are no directories."""

    protocol = ("s3", "s3a")
    root_marker = ""
    # The client is costly, and is kept; an instance must see the present environment.
    cachable = False

    def __init__(self, **options: Any) -> None:
        super().__init__(_client(os.getpid(), endpoint(), region()), **options)

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path.split("://", 1)[-1].rstrip("/")

    @classmethod
    def _parent(cls, path: str) -> str:
        return cls._strip_protocol(path).rpartition("/")[0]

    def find(self, path: str, maxdepth: int | None = None, withdirs: bool = False, **options: Any) -> Any:
        """List what is below a name by as few requests as the store allows, a thousand objects each."""
        from pyarrow.fs import FileSelector, FileType

        if maxdepth == 1:
            return super().find(path, maxdepth, withdirs, **options)
        place = self._strip_protocol(path)
        infos = self.fs.get_file_info(FileSelector(place, allow_not_found=True, recursive=True))
        found = {
            info.path: self._make_entry(info)
            for info in infos
            if withdirs or info.type == FileType.File
            if maxdepth is None or info.path[len(place) :].count("/") <= maxdepth
        }
        return found if options.get("detail") else sorted(found)

    def mkdir(self, path: str, create_parents: bool = True, **options: Any) -> None:
        """Do nothing: it would write an empty object of that name."""

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Do nothing, likewise."""


@cache
def _client(process: int, at: str, of: str) -> Any:
    """Return what all threads of a process share; one that was forked has its own."""
    # Not above: every task of Airflow imports this module.
    from pyarrow.fs import S3FileSystem

    # Delayed: what is small is written by one request.
    return S3FileSystem(endpoint_override=at or None, region=of or None, allow_delayed_open=True)


for _protocol in ArrowStore.protocol:
    register_implementation(_protocol, ArrowStore, clobber=True)
