from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import Observation, Row, SparkSession
from pyspark.sql import functions as F

from spark_jobs.data_quality.count_by_value import count_by_value, countable, read_counts
from tests.frames import frame_of

LARGEST = 2**43 - 1


@given(values=st.lists(st.sampled_from([0, 1, 2, 3, LARGEST - 2, LARGEST - 1, LARGEST]), max_size=400))
def test_counts_by_value_are_exact_across_tasks(spark: SparkSession, values: list[int]) -> None:
    counted = Observation("counted")
    rows = frame_of(spark, [(value,) for value in values], "value long").repartition(7)
    rows.observe(counted, count_by_value(countable(F.col("value")), 7).alias("counts")).write.format("noop").mode(
        "overwrite"
    ).save()
    assert read_counts(counted.get["counts"]) == Counter(values)


def test_no_value_is_no_row(spark: SparkSession) -> None:
    counted = Observation("counted")
    rows = spark.range(5).observe(counted, count_by_value(countable(F.lit(None).cast("long")), 1).alias("counts"))
    rows.write.format("noop").mode("overwrite").save()
    assert read_counts(counted.get["counts"]) == Counter()


def test_truncated_average_still_gives_its_value() -> None:
    # 2 * 5 + 1 = 11; averaged it may have come out as 10.999 or 11.001, and is cut to a whole number.
    assert read_counts([Row(x=10, y=2.0), Row(x=11, y=3.0)]) == Counter({5: 5})
