"""Every answer of the jobs is the model's, to the byte of its file."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from pyspark.sql import SparkSession

from include.report.shop.files import answer_text
from spark_jobs.conversion.answers import answers_of, facts_of
from spark_jobs.logs.shop.contract import SHOP
from spark_jobs.shared.schemas import conform
from spark_jobs.shared.scratch import scratch
from tests.shop_frames import shop_rows
from tests.shop_logs import RUN_DATE, ShopLog, shop_logs
from tests.shop_model import answers


@settings(max_examples=2)
@given(log=shop_logs(shops=20))
def test_answers_are_those_of_the_model(spark: SparkSession, log: ShopLog) -> None:
    expected = answers(log.events, log.transactions, log.users, log.products, RUN_DATE)
    with scratch() as keep:
        facts = facts_of(shop_rows(spark, log, RUN_DATE), RUN_DATE, SHOP.sessions.gap, keep, tasks=2)
        # As the job, which reads what it has written.
        facts = replace(facts, outcomes=keep(facts.outcomes))
        found = {
            table: answer_text(table, conform(rows, table.schema).toArrow())
            for table, rows in answers_of(facts, RUN_DATE).items()
        }
    assert {table.name: text for table, text in found.items()} == {
        table.name: expected.text(table.name) for table in found
    }
