"""Lakes in which every stage of a run of `shop` has left what its report is made from, without running one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from include.report.build import build_report, make_report
from include.report.run_facts import Asked
from include.report.shop.model import ShopReport
from spark_jobs.logs.shop.contract import SHOP
from spark_jobs.shared.documents import replace_file
from spark_jobs.shared.lake import Lake
from tests.published import leave_record, publish_tables, run_id_of, write_tables
from tests.records import counted
from tests.shop_logs import RUN_DATE, ShopLog
from tests.shop_model import answers

PARAMETERS: dict[str, Any] = {"session_gap_minutes": 30, "minimum_quality_score": 95}
SECONDS = {"check_input": None, "data_quality": 12.5, "session_analysis": 4.0, "conversion": 7.5}
_CENT = Decimal("0.01")
Counts = Mapping[str, Mapping[str, int]]


def finish(lake: Lake, log: ShopLog, run_date: date = RUN_DATE, rejected: Counts = {}, warnings: Counts = {}) -> None:  # noqa: B006
    """Publish a full load of these rows; its answers are those of the model. `rejected` and `warnings`: by kind."""
    warned = {kind.name: Counter(warnings.get(kind.name, {})) for kind in SHOP.kinds}
    found = answers(log.events, log.transactions, log.users, log.products, run_date, warned)
    rows = {name: [_plain(row) for row in table] for name, table in found.tables.items()}
    of_kinds = {"transactions": log.transactions, "products": log.products}
    rows |= {name: [_plain(vars(one)) for one in records] for name, records in of_kinds.items()}
    snapshots = write_tables(lake, run_date, rows)
    for stage, record in _records(log, len(found.sessions), rejected, warnings).items():
        leave_record(lake, stage, run_date, {**record, "run_id": run_id_of(run_date)})
    for check in lake.contract.checks:
        validation = {"suite": "a suite", "expectations": 5, "met": 5}
        leave_record(lake, check, run_date, {"validations": [validation]})
    publish_tables(lake, run_date, snapshots)


def _records(log: ShopLog, sessions: int, rejected: Counts, warnings: Counts) -> dict[str, dict[str, Any]]:
    of_each = {
        kind.name: dict.fromkeys(kind.reason_names, 0) | dict(rejected.get(kind.name, {})) for kind in SHOP.kinds
    }
    accepted = {kind: len(rows) for kind, rows in vars(log).items()}
    counts = {
        kind: counted(accepted[kind] + sum(reasons.values()), accepted[kind], sum(reasons.values()))
        for kind, reasons in of_each.items()
    }
    times = [event.occurred_at for event in log.events]
    ends = {"first_event_at": min(times, default=None), "last_event_at": max(times, default=None)}
    others = {
        kind.name: {
            "counts": counts[kind.name],
            "rejected": of_each[kind.name],
            "warnings": {},
            "replaced": 0,
            "log": {"events": accepted[kind.name], "first_event_at": None, "last_event_at": None},
        }
        for kind in SHOP.others
    }
    quality = {
        "parameters": {"input_path": "/logs/shop", "load": "full"},
        "input": {"files": 4, "bytes": 99},
        "counts": counts["events"],
        "quality_score": 99.5,
        "rejected": of_each["events"],
        "others": others,
        "log_warnings": {
            kind.name: dict.fromkeys(kind.warning_names, 0) | dict(warnings.get(kind.name, {})) for kind in SHOP.kinds
        },
        "log": {"events": accepted["events"], **ends},
        **ends,
    }
    users = len({event.user_id for event in log.events})
    return {
        "data_quality": quality,
        "session_analysis": {"users": users, "sessions": sessions},
        "conversion": {},
    }


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as Arrow takes it; an amount has two decimals."""
    return {name: _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return value.quantize(_CENT, ROUND_HALF_UP)
    if isinstance(value, tuple):
        return [_plain(vars(item)) for item in value]
    return value


def made(lake: Lake, run_date: date = RUN_DATE, parameters: dict[str, Any] = PARAMETERS) -> ShopReport:
    """Return the report of this lake; draw and write nothing."""
    return make_report(lake, Asked(run_date, parameters, SECONDS))


def leave_facts(lake: Lake, run_date: date, parameters: dict[str, Any] = PARAMETERS) -> Path:
    """Write a report's JSON alone, for a later run date to compare with, and return its path."""
    path = Path(lake.report(run_date)) / "report.json"
    replace_file(path, made(lake, run_date, parameters).model_dump_json())
    return path


def report(lake: Lake, run_date: date = RUN_DATE, parameters: dict[str, Any] = PARAMETERS) -> Path:
    """Build the report and return its directory."""
    return Path(build_report(lake, run_date, parameters, SECONDS))
