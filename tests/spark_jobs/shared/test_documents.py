"""A stage's record is there whole or not at all, and tells of the snapshots that are asked for."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from spark_jobs.shared.documents import (
    read_published_record,
    read_record,
    read_record_of,
    remove_other_publications,
    write_record,
)
from spark_jobs.shared.errors import MissingRecordError, OtherRecordError
from spark_jobs.shared.lake import Lake
from tests.logs import RUN_DATE

RECORD = {"stage": "ranking", "snapshots": {"top_songs": 7}, "what": "ü"}


def test_record_replaces_the_one_before(lake: Lake) -> None:
    path = lake.stage_record("ranking", RUN_DATE)
    for record in ({"snapshots": {}}, RECORD):
        write_record(path, record)
        assert read_record(lake, "ranking", RUN_DATE) == record
    assert os.listdir(Path(path).parent) == ["ranking.json"]


def test_failed_write_keeps_the_earlier_record(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    path = lake.stage_record("ranking", RUN_DATE)
    write_record(path, RECORD)

    def full(self: Path, content: bytes) -> int:
        self.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        write_record(path, {"snapshots": {}})
    assert json.loads(Path(path).read_text()) == RECORD
    assert os.listdir(Path(path).parent) == ["ranking.json"]


def test_record_of_another_snapshot_is_refused(lake: Lake) -> None:
    with pytest.raises(MissingRecordError, match=r"ranking\.json does not exist; run ranking for 2009-05-04 first"):
        read_record_of(lake, "ranking", RUN_DATE, {})
    write_record(lake.stage_record("ranking", RUN_DATE), RECORD)
    for snapshot in (None, 7):
        assert read_record_of(lake, "ranking", RUN_DATE, {"top_songs": snapshot, "listens": 3}) == RECORD
    with pytest.raises(OtherRecordError, match="tells of the snapshot 7 of top_songs, not of 8; run ranking"):
        read_record_of(lake, "ranking", RUN_DATE, {"top_songs": 8})


def test_published_record_is_that_of_the_tag(lake: Lake) -> None:
    for answer in (7, 8):
        kept = {"snapshots": {"top_songs": answer, "listens": 3}, "records": {"ranking": answer}}
        write_record(lake.publication(RUN_DATE, answer), kept)
    assert read_published_record(lake, "ranking", RUN_DATE, {"top_songs": 7, "listens": 3}) == 7
    with pytest.raises(OtherRecordError, match=r"8\.json tells of other snapshots"):
        read_published_record(lake, "ranking", RUN_DATE, {"top_songs": 8, "listens": 4})

    remove_other_publications(lake, RUN_DATE, 8)
    assert read_published_record(lake, "ranking", RUN_DATE, {"top_songs": 8}) == 8
    with pytest.raises(MissingRecordError, match=r"7\.json does not exist; publish 2009-05-04 again"):
        read_published_record(lake, "ranking", RUN_DATE, {"top_songs": 7})
