"""The tables of `shop` that the contract gives: its accepted records, and their sessions."""

from __future__ import annotations

from spark_jobs.logs.shop.contract import SHOP
from spark_jobs.shared.log_tables import kind_table, sessions_table

EVENTS, TRANSACTIONS, USERS, PRODUCTS = (kind_table(SHOP, records) for records in SHOP.kinds)
SESSIONS = sessions_table(SHOP)
