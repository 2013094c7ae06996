from __future__ import annotations

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from spark_jobs.contract import DUPLICATE
from spark_jobs.data_quality.rules import rejection_reason
from spark_jobs.logs.listening import rules
from spark_jobs.logs.listening.contract import LISTENS
from spark_jobs.logs.listening.parsing import parse_lines
from tests.frames import frame_of
from tests.logs import RUN_DATE


def reason(spark: SparkSession, line: str) -> str | None:
    lines = frame_of(spark, [(bytearray(line.encode("utf-8", "surrogateescape")),)], "line binary")
    parsed = parse_lines(lines.select(F.col("line").cast("string")))
    return parsed.select(rejection_reason(LISTENS, rules.reasons(RUN_DATE))).first()[0]


def test_every_reason_and_warning_has_a_rule(spark: SparkSession) -> None:
    assert [*rules.reasons(RUN_DATE), DUPLICATE] == list(LISTENS.reason_names)
    assert list(rules.warnings()) == list(LISTENS.warning_names)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("u\t2009-05-04T12:00:00Z\t\ta\t\tt", None, id="good"),
        pytest.param("u\t2009-05-04T12:00:00Z\t\ta\t\tt\udcff", "invalid_encoding", id="a byte that is no UTF-8"),
        pytest.param("\udced\udca0\udc80", "invalid_encoding", id="a surrogate"),
        pytest.param("", "field_count", id="an empty line"),
        pytest.param("u\t2009-05-04T12:00:00Z\t\ta\tt", "field_count", id="five fields"),
        pytest.param("u\t2009-05-04T12:00:00Z\t\ta\t\tt\t", "field_count", id="seven fields"),
        pytest.param("\t2009-05-04T12:00:00Z\t\ta\t\tt", "missing_user_id", id="no user"),
        pytest.param("u\t\t\ta\t\tt", "missing_timestamp", id="no timestamp"),
        pytest.param("u\t \t\ta\t\tt", "invalid_timestamp", id="a blank timestamp is no missing one"),
        pytest.param("u\t2009-05-04\t\ta\t\tt", "invalid_timestamp", id="a day"),
        pytest.param("u\t2001-12-31T23:59:59Z\t\ta\t\tt", "implausible_timestamp", id="the second before 2002"),
        pytest.param("u\t2002-01-01T00:00:00Z\t\ta\t\tt", None, id="the first second of 2002"),
        pytest.param("u\t2009-05-05T23:59:59Z\t\ta\t\tt", None, id="the last second of the day after the run date"),
        pytest.param("u\t2009-05-06T00:00:00Z\t\ta\t\tt", "implausible_timestamp", id="the second after that"),
        pytest.param("u\t2009-05-04T12:00:00Z\t\t\u3000\t\tt", "missing_artist_name", id="a blank artist"),
        pytest.param("u\t2009-05-04T12:00:00Z\t\ta\t\t", "missing_track_name", id="no track"),
        pytest.param("\t\t\t\t\t", "missing_user_id", id="the first of several reasons"),
        pytest.param("u\tnever\t\t\t\t", "invalid_timestamp", id="the timestamp before the names"),
        pytest.param('u\t2009-05-04T12:00:00Z\t\t"\t\t\\', None, id="quotes and backslashes are characters"),
    ],
)
def test_first_reason_that_applies_rejects_a_line(spark: SparkSession, line: str, expected: str | None) -> None:
    assert reason(spark, line) == expected
