from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from spark_jobs.data_quality import outcomes
from spark_jobs.data_quality.kinds import kinds_of
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.logs.listening.tables import REJECTED_RECORDS
from spark_jobs.logs.shop.contract import USERS
from tests.frames import frame_of
from tests.logs import ARTIST_ID, RUN_DATE

GOOD = f"u\t2009-05-04T12:00:00Z\t{ARTIST_ID}\ta\t\tt"
OFFSET = "u\t2009-05-04T14:00:00+02:00\tno-id\ta\t\tt"
CLASSIFIED = (
    "user_id string, listened_at long, artist_id string, artist_name string, track_id string, track_name string, "
    "warnings int, line string, file_id long, part_start long, reason string"
)


def test_listen_keeps_only_lines_its_fields_cannot_rebuild(spark: SparkSession) -> None:
    lines = frame_of(
        spark,
        [(GOOD, 1, 0), (OFFSET, 1, 0), (f"{GOOD}\r", 1, 0), ("odd", 2, 7)],
        "line string, file_id long, part_start long",
    )
    classified = outcomes.classify(lines, kinds_of(LISTENING)[0], RUN_DATE)
    noon = 1241438400
    expected = frame_of(
        spark,
        [
            ("u", noon, ARTIST_ID, "a", None, "t", 2, None, 1, 0, None),
            ("u", noon, None, "a", None, "t", 6, OFFSET, 1, 0, None),
            ("u", noon, ARTIST_ID, "a", None, "t", 2, f"{GOOD}\r", 1, 0, None),
            ("odd", None, None, None, None, None, 0, None, 2, 7, "field_count"),
        ],
        CLASSIFIED,
    )
    assertDataFrameEqual(
        classified.withColumn("listened_at", F.unix_seconds("listened_at")), expected, checkRowOrder=True
    )


def test_rejected_lines_are_rebuilt_with_file_and_reason(spark: SparkSession) -> None:
    files = frame_of(spark, [("one.tsv", 1), ("two.tsv", 2)], "file string, file_id long")
    judged = frame_of(
        spark,
        [
            ("u", "2009-05-04T12:00:00Z", ARTIST_ID, "a", None, "t", 2, None, 1, 0, None),
            ("u", "2009-05-04T12:00:00Z", ARTIST_ID, "a", None, "t", 2, None, 2, 0, "duplicate"),
            ("u", "2009-05-04T12:00:00Z", None, "a", None, "t", 6, OFFSET, 2, 64, "duplicate"),
            ("odd", None, None, None, None, None, 0, None, 1, 0, "field_count"),
        ],
        CLASSIFIED.replace("listened_at long", "listened_at string"),
    ).withColumn("listened_at", F.col("listened_at").cast("timestamp"))
    (kind,) = kinds_of(LISTENING)
    told = outcomes.told_of_rejected(outcomes.to_write(judged, kind), kind).withColumn(
        "line_number", F.lit(None).cast("long")
    )
    rejected = outcomes.rejected_records(told, kind, files)
    expected = frame_of(
        spark,
        [
            ("listens", bytearray(GOOD.encode()), "two.tsv", 0, None, len(GOOD), None, "duplicate"),
            ("listens", bytearray(OFFSET.encode()), "two.tsv", 64, None, len(OFFSET), None, "duplicate"),
            ("listens", bytearray(b"odd"), "one.tsv", 0, None, 3, None, "field_count"),
        ],
        REJECTED_RECORDS.schema,
    )
    assertDataFrameEqual(rejected, expected)


def test_first_and_last_time_are_of_python_years(spark: SparkSession) -> None:
    times = [("0001-01-01T00:00:00+18:00",), ("9999-12-31T23:59:59-18:00",), (None,)]
    users = frame_of(spark, times, "valid_from string").select(
        F.col("valid_from").cast("timestamp"), F.lit(1).alias("outcome_number"), F.lit(1).alias("file_number")
    )
    for rows, expected in (
        (users, ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")),
        (users.where("valid_from is null"), (None, None)),
    ):
        found = rows.agg(*outcomes.outcome_counts(USERS, 1)).collect()[0]
        assert (found.first_event_at, found.last_event_at) == expected
