"""A stage's record is there whole or not at all, and tells of the snapshots that are asked for."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.ranking.record import RankingRecord
from spark_jobs.shared.documents import (
    read_publication,
    read_record,
    read_record_of,
    remove_other_publications,
    replace_file,
    write_record,
)
from spark_jobs.shared.errors import InvalidRecordError, MissingRecordError, OtherRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import record_of
from tests.logs import RUN_DATE
from tests.published import keep_publication
from tests.records import told

RECORD = told(LISTENING, "ranking", RUN_DATE, {"snapshots": {"top_songs": 7}, "run_id": "ü"})


def test_record_replaces_the_one_before(lake: Lake) -> None:
    path = lake.stage_record("ranking", RUN_DATE)
    for record in (told(LISTENING, "ranking", RUN_DATE, {}), RECORD):
        write_record(path, record)
        assert read_record(lake, RankingRecord, RUN_DATE) == record
    assert os.listdir(Path(path).parent) == ["ranking.json"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        pytest.param(lambda kept: kept.pop("top_songs"), "top_songs: Field required", id="a field is missing"),
        pytest.param(lambda kept: kept.update(songs=1), "songs: Extra inputs are not permitted", id="one is unknown"),
        pytest.param(lambda kept: kept.update(stage="x"), "stage: Input should be 'ranking'", id="of another stage"),
    ],
)
def test_record_of_another_version_is_named(lake: Lake, change: Callable[[dict[str, Any]], object], fault: str) -> None:
    path, kept = Path(lake.stage_record("ranking", RUN_DATE)), RECORD.model_dump(mode="json")
    change(kept)
    replace_file(path, json.dumps(kept))
    said = f"{path} is not as this version writes it ({fault}); run ranking for 2009-05-04"
    with pytest.raises(InvalidRecordError, match=f"^{re.escape(said)}$"):
        read_record(lake, RankingRecord, RUN_DATE)


def test_record_that_was_cut_short_is_named(lake: Lake) -> None:
    path = Path(lake.stage_record("ranking", RUN_DATE))
    replace_file(path, RECORD.model_dump_json()[:-9])
    with pytest.raises(InvalidRecordError, match=r"ranking\.json is not as this version writes it \(Invalid JSON: "):
        read_record(lake, RankingRecord, RUN_DATE)


def test_failed_write_keeps_the_earlier_record(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    path = lake.stage_record("ranking", RUN_DATE)
    write_record(path, RECORD)

    def full(self: Path, content: bytes) -> int:
        self.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        write_record(path, told(LISTENING, "ranking", RUN_DATE, {}))
    assert read_record(lake, RankingRecord, RUN_DATE) == RECORD
    assert os.listdir(Path(path).parent) == ["ranking.json"]


def test_record_of_another_snapshot_is_refused(lake: Lake) -> None:
    with pytest.raises(MissingRecordError, match=r"ranking\.json does not exist; run ranking for 2009-05-04"):
        read_record_of(lake, RankingRecord, RUN_DATE, {})
    write_record(lake.stage_record("ranking", RUN_DATE), RECORD)
    for snapshot in (None, 7):
        assert read_record_of(lake, RankingRecord, RUN_DATE, {"top_songs": snapshot, "listens": 3}) == RECORD
    with pytest.raises(OtherRecordError, match="tells of the snapshot 7 of top_songs, not of 8; run ranking"):
        read_record_of(lake, RankingRecord, RUN_DATE, {"top_songs": 8})


def test_published_record_is_that_of_the_tag(lake: Lake) -> None:
    for answer, run_id in ((7, "first"), (8, "second")):
        keep_publication(lake, RUN_DATE, {"top_songs": answer, "listens": 3}, run_id)
    assert read_publication(lake, RUN_DATE, {"top_songs": 7, "listens": 3}).run_id == "first"
    with pytest.raises(OtherRecordError, match=r"8\.json tells of other snapshots"):
        read_publication(lake, RUN_DATE, {"top_songs": 8, "listens": 4})

    remove_other_publications(lake, RUN_DATE, 8)
    assert read_publication(lake, RUN_DATE, {"top_songs": 8}).run_id == "second"
    with pytest.raises(MissingRecordError, match=r"7\.json does not exist; publish 2009-05-04 again"):
        read_publication(lake, RUN_DATE, {"top_songs": 7})


def test_publication_keeps_the_record_of_the_logs_answers(lake: Lake) -> None:
    write_record(lake.stage_record("ranking", RUN_DATE), RECORD)
    keep_publication(lake, RUN_DATE, {"top_songs": 7}, "ü")
    assert read_publication(lake, RUN_DATE, {"top_songs": 7}).answers == RECORD


def test_stage_that_a_log_lacks_is_named() -> None:
    with pytest.raises(
        KeyError, match="found the stage 'x', allowed is one of data_quality, session_analysis, ranking"
    ):
        record_of(LISTENING, "x")
