"""The tables of `shop` that the contract gives: its accepted records, and their sessions."""

from __future__ import annotations

from spark_jobs.logs.shop.contract import PRODUCTS as PRODUCT_RECORDS
from spark_jobs.logs.shop.contract import SHOP
from spark_jobs.logs.shop.contract import TRANSACTIONS as TRANSACTION_RECORDS
from spark_jobs.logs.shop.contract import USERS as USER_RECORDS
from spark_jobs.shared.log_tables import accepted_table, events_table, sessions_table

EVENTS = events_table(SHOP)
TRANSACTIONS = accepted_table(TRANSACTION_RECORDS, SHOP.user)
USERS = accepted_table(USER_RECORDS, SHOP.user)
PRODUCTS = accepted_table(PRODUCT_RECORDS, SHOP.user)
SESSIONS = sessions_table(SHOP)
