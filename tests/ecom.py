"""A clickstream of others (tests/data/README.md) in the format of the notes log."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import date

from tests.conftest import PROJECT

RUN_DATE = date(2024, 6, 30)
_SOURCE = PROJECT / "tests" / "data" / "ecom.csv.gz"


def notes_files() -> dict[str, bytes]:
    """Return its files by their paths: each event is a view of the page that has its name, of an unknown user."""
    text = gzip.decompress(_SOURCE.read_bytes()).decode()
    lines = ["user_id,timestamp,action_type,page_id,duration_ms,load_ms,app_version"]
    for event in csv.DictReader(io.StringIO(text)):
        moment = event["timestamp"].replace(" ", "T") + "Z"
        lines.append(f"{event['user_id']},{moment},page_view,{event['event']},,,1.0.0")
    users = "user_id,join_date,country,device_type,device_year,subscription_type\n"
    return {"interactions/ecom.csv": "\n".join(lines).encode(), "users/none.csv": users.encode()}
