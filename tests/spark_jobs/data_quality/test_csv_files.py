"""CSV files in parts, in an object store, over Connect, and what a run tells of those that are odd."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import uuid
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.data_quality.csv_records import records_to_read
from spark_jobs.logs.notes.contract import USERS
from spark_jobs.shared.csv_headers import read_headers
from spark_jobs.shared.csv_text import fields_of, without_line_end
from spark_jobs.shared.input_files import list_files
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.linked_files import link
from spark_jobs.shared.object_store import input_settings
from tests.conftest import PROJECT
from tests.connect_server import ConnectServer
from tests.object_store import BUCKET, ObjectStore
from tests.spark_jobs.logs.notes.judged import judge, write_files

RUN_DATE = date(2024, 5, 10)
HEADER = b"user_id,join_date,country,device_type,device_year,subscription_type\n"
USER = b"ann,2024-05-01,DE,phone,2020,free\n"
INTERACTIONS = b"user_id,timestamp,action_type,page_id,duration_ms,load_ms,app_version\n"
INTERACTION = b"ann,2024-05-01T12:00:00Z,edit,home,5,,1.0.0\n"
# Within quotes, lines that look like records: a part of the file that begins among them tells nothing of it.
SEVERAL_LINES = b'ben,"\n' + USER * 40 + b'",DE,phone,2020,free\n'


def records_of(spark: SparkSession, input_path: str, links: Path) -> DataFrame:
    files = list_files(input_path).files
    records = records_to_read(spark, link(files, links), read_headers(files, USERS), longest=2**20)
    return records.withColumn("values", fields_of(without_line_end(F.col("line")), F.col("columns.count")))


def by_python(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))[1:]


@pytest.fixture
def in_parts(spark: SparkSession) -> SparkSession:
    """A session that reads files in parts of some kilobytes."""
    session = spark.newSession()
    session.conf.set("spark.sql.files.maxPartitionBytes", "4096")
    return session


def test_file_with_a_record_of_several_lines_is_read_in_order(in_parts: SparkSession, tmp_path: Path) -> None:
    content = HEADER + (USER * 5 + SEVERAL_LINES) * 20
    (tmp_path / "log.csv").write_bytes(content)
    found = records_of(in_parts, str(tmp_path / "log.csv"), tmp_path / "links").orderBy("line_number").collect()
    assert [row["values"] for row in found] == by_python(content)


def test_file_with_a_record_a_line_is_read_in_parts(in_parts: SparkSession, tmp_path: Path) -> None:
    quoted = b'ben,"2024-05-01",DE,"a ""phone"", old",2020,free\n'
    content = HEADER + (USER * 5 + quoted) * 200
    (tmp_path / "log.csv").write_bytes(content)
    found = records_of(in_parts, str(tmp_path / "log.csv"), tmp_path / "links").collect()
    assert len({row.part_start for row in found}) > 5
    assert sorted(row["values"] for row in found) == sorted(by_python(content))


def test_objects_are_read_in_order_too(
    in_parts: SparkSession, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in object_store.environment.items():
        monkeypatch.setenv(name, value)
    for name, value in input_settings().items():
        in_parts.conf.set(name.removeprefix("spark.hadoop."), value)
    # Java's own environment stays as it was when it started.
    in_parts.conf.set("fs.s3a.access.key", object_store.environment["AWS_ACCESS_KEY_ID"])
    in_parts.conf.set("fs.s3a.secret.key", object_store.environment["AWS_SECRET_ACCESS_KEY"])
    place = uuid.uuid4().hex
    contents = [HEADER + (USER * 5 + SEVERAL_LINES) * 20, HEADER + USER * 200]
    for number, content in enumerate(contents):
        object_store.put(f"{place}/users/{number}.csv", content)
    rows = records_of(in_parts, f"s3a://{BUCKET}/{place}", tmp_path / "links").collect()
    for number, content in enumerate(contents):
        assert sorted(row["values"] for row in rows if row.file_id == number) == sorted(by_python(content))


def test_unclosed_quote_and_unknown_column_are_told(spark: SparkSession, tmp_path: Path) -> None:
    rest = b'ben,"2024-05-01,DE\n' + USER * 3
    wide = HEADER.replace(b"\n", b",colour\n")
    files = {
        "interactions/1.csv": INTERACTIONS + INTERACTION,
        "users/1.csv": HEADER + USER + rest,
        "users/2.csv": wide + b"eve,2024-05-02,DE,phone,2020,free,red\n",
        "users/notes.txt": b"",
    }
    found = judge(spark, Lake(str(tmp_path / "lake"), "notes"), files, RUN_DATE)
    log = tmp_path / f"log {RUN_DATE}"
    assert found.record.left_out == (
        f"{log}/users/notes.txt: no .csv or .csv.gz file",
        f"{log}/users/2.csv: the column 'colour' is not known",
        f"{log}/users/1.csv: a quote opens on line 3 and never closes, so the rest of the file is one rejected record",
    )
    assert found.rejected == [("users", "malformed_csv", "users/1.csv", 3, rest.removesuffix(b"\n"))]
    assert [row["user_id"] for row in found.accepted["users"]] == ["ann", "eve"]


def test_records_of_several_lines_are_judged_over_connect(tmp_path: Path, spark_server: ConnectServer) -> None:
    page = b'ann,2024-05-01T12:00:00Z,edit,"a\nb",5,,1.0.0\n'
    files = {"interactions/1.csv": INTERACTIONS + INTERACTION + page, "users/1.csv": HEADER + USER}
    log = write_files(files, tmp_path / "log")
    job = ["--input", str(log), "--lake", str(tmp_path / "lake"), "--log", "notes", "--run-date", str(RUN_DATE)]
    command = [sys.executable, "-m", "spark_jobs.data_quality.job", *job]
    environment = spark_server.client_environment
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "3 lines read, 3 accepted, 0 rejected" in done.stdout
