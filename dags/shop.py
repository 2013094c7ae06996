"""
# Conversion of an online shop

Every day, from the shop's events and transactions: how far visitors come on their way to a purchase, how many carts
they leave, and what tiers, products and customers bring; and the proof that the data behind it was good.

| task | what it makes |
| --- | --- |
| `check_input` | the list of files to read; it fails in seconds when there is nothing to read, or nowhere to write |
| `data_quality` | `events`, `transactions`, `users`, `products` and `rejected_records`: no record is lost |
| `check_events` | the proof: schema, nulls, plausible times, quality score, totals that add up, one currency |
| `session_analysis` | `sessions`: a pause longer than the gap opens a new one |
| `check_sessions` | the proof: unique, in order, together all the events, types in their usual shares |
| `conversion` | `session_outcomes` and the answers: `funnel`, `summary`, `warnings` and metrics |
| `check_funnel` | the proof: steps never grow, and all answers agree to the record |
| `publish` | nothing new: readers see the snapshots that were checked, under the tag of the run date |
| `report` | `shop/reports/run_date=…/`: the answers as `.tsv`, `report.html`, `report.json` |
| `release_lock` | the end: from then on another run may write the log; it runs after a failure, too |
"""

from __future__ import annotations

from airflow.sdk import chain

from plugins.log_dag import LogDag
from spark_jobs.logs.shop.contract import SHOP

ANSWERS = ("summary", "warnings", "daily_metrics", "tier_metrics", "product_performance", "customer_value", "funnel")

shop = LogDag(SHOP, published=ANSWERS)


@shop.dag(doc_md=__doc__)
def conversion_of_a_shop() -> None:
    """Build, check, publish: each stage's checkpoint stands before the next stage, and all of them before readers."""
    chain(
        shop.check_input(),
        shop.spark_job("data_quality"),
        shop.checkpoint("events"),
        shop.spark_job("session_analysis"),
        shop.checkpoint("sessions"),
        shop.spark_job("conversion"),
        shop.checkpoint("funnel", "tier_metrics", "summary", "customer_value"),
        shop.publish(),
        shop.report(),
        shop.release_lock(),
    )


conversion_of_a_shop()
