"""Write a run's report from what its stages left in the lake; what the answers are is the business of the log's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from importlib import import_module
from typing import Any, Protocol, cast

from include.report.model import ParameterValue, RunReport
from include.report.run_facts import Asked, run_report
from include.report.scan import RunTables, tables_of
from spark_jobs.shared.documents import read_publication, replace_files
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.publication_record import PublicationRecord


class LogReport(Protocol):
    """What a module `include.report.<log>.report` has: how its log's report is made, and the files that show it."""

    def report_of(self, lake: Lake, tables: RunTables, left: PublicationRecord[Any], common: RunReport) -> RunReport:
        """Return the whole report, given what is common to all logs."""

    def answer_files(self, tables: RunTables, report: Any) -> dict[str, str]:
        """Return the texts of the files that show the answers, by their names."""


def build_report(
    lake: Lake, run_date: date, parameters: Mapping[str, ParameterValue], seconds: Mapping[str, float | None]
) -> str:
    """Write the files of the log's answers, and `report.json`; return the directory they are in.

    All of them or, where one cannot be made, none; the last one says that the run has come to its end.
    `seconds` maps each stage to its wall seconds, None where none were taken. Raises what `make_report` raises.
    """
    with tables_of(lake, run_date) as tables:
        report = _report_of(lake, tables, Asked(run_date, parameters, seconds))
        texts = _log_report(lake.log).answer_files(tables, report)
    directory = lake.report(run_date)
    replace_files(directory, {**texts, "report.json": report.model_dump_json(indent=2) + "\n"})
    return str(directory)


def make_report(lake: Lake, asked: Asked) -> RunReport:
    """Return the report of a run date, whose answers its log's own package reads from the tables.

    Raises NotPublishedError where no run of the date is published; MissingRecordError, InvalidRecordError or
    OtherRecordError where what that has left is gone.
    """
    with tables_of(lake, asked.run_date) as tables:
        return _report_of(lake, tables, asked)


def _report_of(lake: Lake, tables: RunTables, asked: Asked) -> RunReport:
    left = read_publication(lake, asked.run_date, tables.run.snapshots)
    return _log_report(lake.log).report_of(lake, tables, left, run_report(asked, lake.contract, left))


def _log_report(log: str) -> LogReport:
    return cast("LogReport", import_module(f"include.report.{log}.report"))
