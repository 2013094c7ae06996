"""Two runs on one lake at the same time."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_jobs.shared import marks, storage
from spark_jobs.shared.lake import SESSIONS, Lake
from tests.faults.conftest import DAY, Refused
from tests.faults.stages import MAINS, arguments, staged

ALL_STAGES = Path(__file__).with_name("all_stages.py")
ROUNDS = 60


def test_however_often_two_publish_the_same_partition_each_is_there_whole_or_not_at_all(
    spark: SparkSession, lake: Lake
) -> None:
    partition = Path(lake.partition(SESSIONS, DAY))
    faults: list[BaseException] = []

    def publish(name: str) -> None:
        for round_ in range(ROUNDS):
            with storage.staging_area(spark, lake, DAY) as area:
                made = Path(area) / "sessions"
                made.mkdir(parents=True)
                for part in range(3):
                    (made / f"part-{part}-{name}-{round_}.parquet").write_text(name)
                try:
                    storage.publish_partition(spark, str(made), str(partition))
                except BaseException as error:
                    faults.append(error)

    writers = [threading.Thread(target=publish, args=(name,)) for name in ("orphan", "retry", "third")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert faults == []
    assert marks.local_faults(partition) == []
    assert len(list(partition.glob("*.parquet"))) == 3
    assert [entry for entry in partition.iterdir() if entry.is_dir()] == []
    assert staged(lake) == []


@pytest.mark.usefixtures("applications")
def test_sessions_of_one_run_and_listens_of_another_give_no_answer(lake: Lake, log: Path, refused: Refused) -> None:
    lines = log.read_bytes().splitlines(keepends=True)
    another = Path(lake.root) / "another.tsv"
    another.write_bytes(b"".join(lines[::2]))
    MAINS["data_quality"](arguments("data_quality", lake, DAY, another))
    said = refused("ranking", lake, 65)
    assert "of them: they are not of one run; nothing was published: run session_analysis for this date again" in said

    for stage in ("session_analysis", "ranking"):
        MAINS[stage](arguments(stage, lake, DAY, another))
