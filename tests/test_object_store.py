"""The S3 server of the tests refuses what a store of a deployment would refuse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.object_store import ObjectStore


def test_store_keeps_what_its_user_writes(object_store: ObjectStore) -> None:
    object_store.put("kept/a", b"a")

    assert object_store.names("kept") == ["kept/a"]
    assert object_store.get("kept/a") == b"a"


def test_store_refuses_a_wrong_secret(object_store: ObjectStore) -> None:
    with pytest.raises(OSError, match="SIGNATURE_DOES_NOT_MATCH"):
        replace(object_store, secret_key=object_store.access_key).put("b", b"b")
