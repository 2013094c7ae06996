from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.testing import assertDataFrameEqual

from spark_jobs.ranking.listeners import HEADER, ProfilesError, listeners, profiles_of, read_lines
from spark_jobs.ranking.tables import LISTENERS
from tests.frames import frame_of, sessions
from tests.logs import RUN_DATE

Profile = tuple[str | None, int | None, date | None]
UNKNOWN: Profile = (None, None, None)


def profiles(spark: SparkSession, tmp_path: Path, text: bytes) -> dict[str, Profile]:
    file = tmp_path / "profiles.tsv"
    file.write_bytes(text)
    found = profiles_of(read_lines(spark, str(file), tmp_path / "links"), RUN_DATE)
    return {row.user_id: (row.country, row.age, row.registered_on) for row in found.collect() if row.user_id != "#id"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param("m\t22\tPeru\tAug 13, 2006", ("Peru", 22, date(2006, 8, 13)), id="all that can be known"),
        pytest.param("\t\t\t", UNKNOWN, id="nothing"),
        pytest.param("m\t1\t\tJan 1, 2002", (None, 1, date(2002, 1, 1)), id="the lowest"),
        pytest.param("m\t0\t\tDec 31, 2001", UNKNOWN, id="below"),
        pytest.param("m\t120\t\tMay 4, 2009", (None, 120, date(2009, 5, 4)), id="the highest"),
        pytest.param("m\t121\t\tMay 5, 2009", UNKNOWN, id="above"),
        pytest.param("m\t99999999999\t \tFeb 30, 2006", UNKNOWN, id="no int, a blank country, no such day"),
        pytest.param("m\ttwenty\tCôte d'Ivoire\t2006-08-13", ("Côte d'Ivoire", None, None), id="words"),
        pytest.param("m\t22\tPeru", None, id="too few fields"),
        pytest.param("m\t22\tPeru\tAug 13, 2006\t", None, id="too many fields"),
    ],
)
def test_profile_values_that_make_sense_are_kept(
    spark: SparkSession, tmp_path: Path, fields: str, expected: Profile | None
) -> None:
    found = profiles(spark, tmp_path, f"{HEADER}\nu\t{fields}\n".encode())
    assert found == ({} if expected is None else {"u": expected})


def test_line_of_invalid_utf_8_is_ignored(spark: SparkSession, tmp_path: Path) -> None:
    found = profiles(spark, tmp_path, HEADER.encode() + b"\nu\t\t22\tC\xf4te d'Ivoire\t\nv\t\t23\t\t\n")
    assert found == {"v": (None, 23, None)}


def test_values_that_two_profiles_dispute_are_unknown(spark: SparkSession, tmp_path: Path) -> None:
    lines = [HEADER, "u\t\t22\tPeru\t", "u\t\t23\tPeru\tAug 13, 2006"]
    assert profiles(spark, tmp_path, "\n".join(lines).encode()) == {"u": ("Peru", None, date(2006, 8, 13))}


def test_a_mark_and_windows_line_ends_change_nothing(spark: SparkSession, tmp_path: Path) -> None:
    text = f"\ufeff{HEADER}\r\nu\t\t\t\tAug 13, 2006\r\n"
    assert profiles(spark, tmp_path, text.encode()) == {"u": (None, None, date(2006, 8, 13))}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(b"", "found '' as its first line", id="nothing"),
        pytest.param(b"u\tm\t22\tPeru\t\n", r"found 'u\\tm\\t22", id="no header"),
        pytest.param(b"\x89PNG\xff\x00" * 99, "found '.PNG", id="a picture"),
    ],
)
def test_another_files_first_line_is_named(spark: SparkSession, tmp_path: Path, text: bytes, found: str) -> None:
    with pytest.raises(ProfilesError, match=found + r".*allowed is '#id\\tgender"):
        profiles(spark, tmp_path, text)


def test_each_top_user_is_there_once(spark: SparkSession) -> None:
    top = sessions(spark, ("u", "12:00:00", 5), ("v", "12:00:00", 4), ("u", "15:00:00", 3))
    known = frame_of(
        spark,
        [("u", "Peru", 22, date(2006, 8, 13)), ("w", "Japan", 30, None)],
        "user_id string, country string, age int, registered_on date",
    )
    expected = frame_of(
        spark, [("u", 2, 8, "Peru", 22, date(2006, 8, 13)), ("v", 1, 4, None, None, None)], LISTENERS.schema
    )
    assertDataFrameEqual(listeners(top, known).select(expected.columns), expected)
