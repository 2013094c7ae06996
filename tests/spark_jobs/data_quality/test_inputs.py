from __future__ import annotations

import gzip
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from spark_jobs.data_quality import job
from spark_jobs.data_quality.inputs import InputChangedError
from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.logs.listening.tables import LISTENS, REJECTED_RECORDS
from spark_jobs.shared import application
from spark_jobs.shared.documents import write_record
from spark_jobs.shared.errors import UnreadableInputError
from spark_jobs.shared.input_files import OTHER_COMPRESSIONS, list_files
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.linked_files import LinkedFiles
from spark_jobs.shared.records import InputListing
from tests.jobs import knowing
from tests.jobs import run_data_quality as run
from tests.lake_reader import rows
from tests.logs import RUN_DATE

# Enough for Spark to have read thousands of lines when it meets the damage.
LOG = b"".join(b"u\t2009-05-04T%02d:%02d:%02dZ\t\ta\t\tt\n" % (n // 3600, n // 60 % 60, n % 60) for n in range(20_000))
GZIP = gzip.compress(LOG, mtime=0)


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


def read(spark: SparkSession, lake: Lake, path: Path) -> None:
    """Run the job and check that it leaves neither rows nor links."""
    try:
        run(spark, DataQualityJob(str(path), lake, RUN_DATE))
    finally:
        assert [rows(lake, table, RUN_DATE) for table in (LISTENS, REJECTED_RECORDS)] == [[], []]
        assert list(Path(lake.root).glob("_links/*")) == []


@pytest.mark.parametrize(
    ("content", "found"),
    [
        pytest.param(GZIP[: len(GZIP) // 2], "Unexpected end of input stream", id="cut in the middle"),
        pytest.param(GZIP[:-1], "Unexpected end of input stream", id="cut by a byte"),
        pytest.param(GZIP[:5], "Unexpected end of input stream", id="cut in its header"),
        pytest.param(GZIP + GZIP[:-9], "Unexpected end of input stream", id="cut in its second member"),
        pytest.param(flipped(GZIP, len(GZIP) - 6), "gzip stream CRC failure", id="a byte of the checksum flipped"),
        pytest.param(
            flipped(GZIP, 2), "gzip data not compressed with deflate method", id="a byte of the header flipped"
        ),
        pytest.param(flipped(GZIP, 10), "invalid", id="the first compressed byte flipped"),
        pytest.param(LOG, "not a gzip file", id="a plain log"),
        pytest.param(b"u\n", "Unexpected end of input stream", id="a plain log shorter than a gzip header"),
        pytest.param(GZIP + LOG[:100], "not a gzip file", id="a plain line behind it"),
        pytest.param(GZIP + bytes(512), "not a gzip file", id="padded with zeros"),
    ],
)
def test_damaged_gz_is_a_data_error(
    spark: SparkSession, lake: Lake, tmp_path: Path, content: bytes, found: str
) -> None:
    (tmp_path / "a whole one.tsv").write_bytes(LOG)
    (tmp_path / "ä log.tsv.gz").write_bytes(content)
    message = rf"/ä log\.tsv\.gz cannot be read as \.gz to its end \(.*{found}.*\): .* put a whole copy in its place"
    with pytest.raises(UnreadableInputError, match=message):
        read(spark, lake, tmp_path / "*log.tsv*")


def test_damaged_gz_exits_65_with_one_line(
    spark: SparkSession, lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(application, "spark_session", lambda *_: nullcontext(knowing(spark, lake)))
    (tmp_path / "log.tsv.gz").write_bytes(GZIP[:-1])
    with pytest.raises(SystemExit, match="65"):
        job.main(
            [
                "--input",
                str(tmp_path / "log.tsv.gz"),
                "--lake",
                lake.root,
                "--log",
                "listening",
                "--run-date",
                str(RUN_DATE),
            ]
        )
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"ERROR data_quality {RUN_DATE}: {tmp_path}/log.tsv.gz cannot be read as .gz")


def test_every_spark_compression_but_gz_is_refused(spark: SparkSession) -> None:
    jvm, hadoop_conf = spark.sparkContext._gateway.jvm, spark._jsc.hadoopConfiguration()
    codecs = jvm.org.apache.hadoop.io.compress.CompressionCodecFactory.getCodecClasses(hadoop_conf)
    suffixes = {codec.newInstance().getDefaultExtension() for codec in codecs}
    spark_codec = jvm.org.apache.spark.io.HadoopCodecStreams.getDecompressionCodec
    decompressed = {
        suffix
        for suffix in {*suffixes, ".gzip", ".zstd", ".tsv", ".txt", ".xz", ".zip"}
        if spark_codec(hadoop_conf, jvm.org.apache.hadoop.fs.Path(f"/log{suffix}")).isDefined()
    }
    assert decompressed == {".gz", *OTHER_COMPRESSIONS}


def write(content: bytes) -> Callable[[Path], object]:
    return lambda log: log.write_bytes(content)


@pytest.mark.parametrize(
    ("change", "sizes"),
    [
        pytest.param(write(LOG * 2), (len(LOG), 2 * len(LOG)), id="grew"),
        pytest.param(write(LOG[:100]), (len(LOG), 100), id="shrank"),
    ],
)
def test_log_written_to_while_read_is_refused(
    spark: SparkSession,
    lake: Lake,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path], object],
    sizes: tuple[int, int],
) -> None:
    log = tmp_path / "log.tsv"
    log.write_bytes(LOG)
    between_listing_and_reading(monkeypatch, lambda: change(log))
    with pytest.raises(InputChangedError, match=r"/log\.tsv went from {} to {} bytes".format(*sizes)):
        read(spark, lake, log)


def test_log_gone_while_read_is_refused(
    spark: SparkSession, lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log.tsv.gz"
    log.write_bytes(GZIP)
    between_listing_and_reading(monkeypatch, log.unlink)
    with pytest.raises(InputChangedError, match=r"the input changed while it was read: no file at .*/log\.tsv\.gz"):
        read(spark, lake, log)


def test_another_input_than_check_input_found_is_refused(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "1.tsv").write_bytes(LOG)
    record = tmp_path / "check_input.json"
    files = tuple(file.listed for file in list_files(str(logs)).files)
    write_record(record, InputListing(input_path=str(logs), files=files, left_out=()))
    job = DataQualityJob(str(logs), lake, RUN_DATE, listed=str(record))
    run(spark, job)

    (logs / "2.tsv").write_bytes(LOG)
    with pytest.raises(InputChangedError, match=r"not what check_input found: .*/2\.tsv is new; .* from check_input"):
        run(spark, job)


def between_listing_and_reading(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    read_lines = LinkedFiles.read_lines

    def read_lines_and_then(linked: LinkedFiles, spark: SparkSession) -> DataFrame:
        lines = read_lines(linked, spark)
        happens()
        return lines

    monkeypatch.setattr(LinkedFiles, "read_lines", read_lines_and_then)
