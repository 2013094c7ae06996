"""Every log of the product, by its name: a new one is a line here."""

from __future__ import annotations

from spark_jobs.contract import LogContract
from spark_jobs.logs.listening.contract import LISTENING
from spark_jobs.logs.notes.contract import NOTES
from spark_jobs.logs.shop.contract import SHOP

CONTRACTS: dict[str, LogContract] = {contract.name: contract for contract in (LISTENING, SHOP, NOTES)}
