from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from include.report.shop.files import answer_texts
from spark_jobs.conversion import job as conversion
from spark_jobs.conversion.job import ConversionJob, parse_args
from spark_jobs.conversion.record import ConversionRecord
from spark_jobs.conversion.tables import ANSWERS, SESSION_OUTCOMES, TABLES
from spark_jobs.data_quality.job import DataQualityJob
from spark_jobs.lake.tables import Table
from spark_jobs.logs.shop.contract import SHOP
from spark_jobs.session_analysis.job import SessionAnalysisJob
from spark_jobs.shared.documents import read_record
from spark_jobs.shared.errors import OtherRecordError
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.log import SessionsOfOtherEventsError, SessionsOfOtherGapError, sessions_cut
from tests.jobs import knowing, run_data_quality, run_session_analysis
from tests.shop_jobs import write_files
from tests.shop_lines import files_of
from tests.shop_logs import END, GAP, RUN_DATE, ShopLog
from tests.shop_model import Event, Item, User, answers, judge
from tests.shop_model.funnel import STEPS
from tests.shop_rows import at, order

TEN = at("10:00:00", 9)
ANN, BOB, SHOE, SALE, CALL = (f"00000000-0000-4000-8000-00000000000{digit}" for digit in "12345")


# A user's only event each: the latest one of the run date, and one that is exactly the gap before it, or more.
MICROSECOND = timedelta(microseconds=1)
LATEST = END - MICROSECOND
CID, DAN, EVE = (f"00000000-0000-4000-8000-00000000000{digit}" for digit in "678")
LOGINS = {CID: LATEST, DAN: LATEST - GAP, EVE: LATEST - GAP - MICROSECOND}


def events(*steps: str, user_id: str) -> list[Event]:
    """Events of one user at one instant."""
    more = {
        "PAGE_VIEW": {"page_url": "/"},
        "PRODUCT_VIEW": {"product_id": SHOE},
        "ADD_TO_CART": {"product_id": SHOE, "quantity": 1},
        "PURCHASE": {"transaction_id": SALE},
    }
    return [Event(user_id, step, TEN, user_id, **more.get(step, {})) for step in steps]


SHOP_LOG = ShopLog(
    [
        *events(*STEPS, user_id=ANN),
        *events(*STEPS[:3], user_id=BOB),
        *(Event(user, "LOGIN", moment, user) for user, moment in LOGINS.items()),
    ],
    [
        order("5.00", "completed", TEN, transaction_id=SALE, user_id=ANN, items=(Item(SHOE, 1, Decimal(5)),)),
        order("2.50", "refunded", TEN, transaction_id=CALL, user_id=BOB, items=(Item(SHOE, 1, Decimal("2.5")),)),
    ],
    [User(ANN, "gold", TEN)],
)


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with two users' events: one buys, the other leaves a cart behind."""
    place = tmp_path_factory.mktemp("shop")
    made = Lake(str(place / "lake"), "shop")
    run_data_quality(spark, DataQualityJob(str(write_files(files_of(SHOP_LOG), place / "log")), made, RUN_DATE))
    run_session_analysis(spark, SessionAnalysisJob(made, RUN_DATE))
    return made


def run(spark: SparkSession, job: ConversionJob) -> ConversionRecord:
    return conversion.run(knowing(spark, job.lake), job)


def written(lake: Lake, table: Table, record: ConversionRecord) -> pa.Table:
    with lake.catalog.open() as catalog:
        found = catalog.load_table((lake.log, table.name))
        return found.scan(snapshot_id=record.snapshots[table.name]).to_arrow()


@pytest.fixture(scope="module")
def record(spark: SparkSession, lake: Lake) -> ConversionRecord:
    return run(spark, ConversionJob(lake, RUN_DATE))


def test_written_answers_are_the_files_of_the_model(lake: Lake, record: ConversionRecord) -> None:
    texts = answer_texts({table.name: written(lake, table, record) for table in ANSWERS})
    expected = answers(*vars(SHOP_LOG).values(), RUN_DATE, judge(files_of(SHOP_LOG), RUN_DATE).warnings)
    assert texts == {f"{table.name}.tsv": expected.text(table.name) for table in ANSWERS}


def test_record_tells_what_was_written(lake: Lake, record: ConversionRecord) -> None:
    assert set(record.snapshots) == {table.name for table in TABLES}
    assert set(record.made_from) == {"events", "transactions", "users", "sessions"}
    assert (record.sessions, record.days, record.products, record.customers) == (5, 2, 1, 2)
    assert read_record(lake, ConversionRecord, RUN_DATE) == record


def test_outcomes_tell_each_session(lake: Lake, record: ConversionRecord) -> None:
    rows = written(lake, SESSION_OUTCOMES, record).sort_by("user_id").to_pylist()[:2]
    claims = (
        "user_id",
        "tier",
        "deepest_step",
        "is_converted",
        "is_abandoned",
        "is_bounced",
        "orders",
        "gross_revenue",
    )
    assert [tuple(row[name] for name in claims) for row in rows] == [
        (ANN, "gold", 5, True, False, False, 1, Decimal("5.00")),
        (BOB, "unknown", 3, False, True, False, 0, Decimal("0.00")),
    ]


def test_session_is_open_up_to_the_gap(lake: Lake, record: ConversionRecord) -> None:
    rows = written(lake, SESSION_OUTCOMES, record).to_pylist()
    assert {row["user_id"] for row in rows if row["is_open"]} == {CID, DAN}


def test_other_gap_is_refused(spark: SparkSession, lake: Lake) -> None:
    with pytest.raises(SessionsOfOtherGapError, match="a gap of 30 minutes, and are to be answered with one of 20"):
        run(spark, ConversionJob(lake, RUN_DATE, session_gap=timedelta(minutes=20)))


def test_other_snapshot_is_refused(spark: SparkSession, lake: Lake) -> None:
    with pytest.raises(OtherRecordError, match="not of 12"):
        run(spark, ConversionJob(lake, RUN_DATE, events=12))


def test_sessions_of_other_events_are_refused(lake: Lake, record: ConversionRecord) -> None:
    with pytest.raises(SessionsOfOtherEventsError, match="to be answered with 12"):
        sessions_cut(lake, RUN_DATE, None, 12, SHOP.sessions.gap)


def test_command_line_names_the_snapshots() -> None:
    line = "--lake /lake --log shop --run-date 2024-05-10 --events 7 --sessions 8 --session-gap-minutes 30 --run-id r"
    assert parse_args(line.split()) == ConversionJob(Lake("/lake", "shop"), RUN_DATE, 7, 8, timedelta(minutes=30), "r")
