"""What must hold for the events and the sessions of every log: one function, one Great Expectations suite.

A failed expectation does what its severity says. `critical`: the run stops. `warning`: the run goes on and its answer
is marked as degraded. `info`: the report shows a flag, and the answer is as good as before.
"""

from __future__ import annotations

from datetime import date

import great_expectations.expectations as gxe
from great_expectations import ExpectationSuite
from pyspark.sql import types as T

from include.deployment.log_settings import LogSettings
from include.expectations import structural
from include.expectations.claims import CRITICAL, INFO, WARNING, at_least, at_most, has_schema, never_null
from spark_jobs.contract import LogContract, Records
from spark_jobs.shared import loads
from spark_jobs.shared.records import DataQualityRecord


def data_quality(
    contract: LogContract, judged: DataQualityRecord, minimum_quality_score: float, limits: LogSettings
) -> ExpectationSuite:
    """Enough records were accepted, every record was accepted or rejected, and the tables have what was counted.

    The table of events has all of the log, those of earlier dates too. A daily load may bring nothing and gets a flag;
    any other load without an event stops the run.
    """
    events, none = contract.events.name, INFO if judged.parameters.load == loads.DAILY else CRITICAL
    stop, of_log, counts = limits.stop_quality_score, judged.log.events, judged.all_counts
    return ExpectationSuite(
        "data_quality",
        expectations=[
            at_least("quality_score", stop, f"the quality score is at least {stop:g}, below which every run stops"),
            at_least("events_accepted", 1, "at least one record is accepted", none),
            at_most("repeated_events", 0, f"none of the {events} is there twice"),
            total("events_in_table", of_log, f"the table has the {of_log} {events} of the log"),
            total(
                "rejected_in_table",
                counts.records_rejected,
                f"rejected_records has all records rejected, {counts.records_rejected}",
            ),
            gxe.ExpectMulticolumnSumToEqual(
                column_list=["records_accepted", "records_rejected"],
                sum_total=counts.records_read,
                description=f"records accepted and rejected are the {counts.records_read} read",
            ),
            at_least(
                "quality_score",
                minimum_quality_score,
                f"the quality score is at least {minimum_quality_score:g}",
                WARNING,
            ),
        ],
    )


def records(kind: Records, run_date: date, count: int) -> ExpectationSuite:
    """The accepted records of one kind are what their contract says, and all `count` of them are there."""
    return ExpectationSuite(kind.name, expectations=structural.accepted(kind, run_date, count))


def sessions(contract: LogContract, schema: T.StructType, events_of_log: int) -> ExpectationSuite:
    """Sessions have their columns, no null, and at least one event each; together they hold all events.

    A log without an event has no session.
    """
    counted, name = contract.sessions.events, contract.events.name
    if events_of_log:
        whole = [
            at_least(counted, 1, f"every session has one of the {name}"),
            total(counted, events_of_log, f"all sessions together have the {events_of_log} {name} of the log"),
        ]
    else:
        # Great Expectations takes a column without a row as below every minimum, and its sum as not 0.
        whole = [gxe.ExpectTableRowCountToEqual(value=0, description=f"without {name} there is no session")]
    # What a session has of its first event may be null there; how long one event lasted may not be known.
    optional = set(contract.sessions.first) - set(contract.events.always_known)
    optional |= {"duration_seconds"} if contract.sessions.lasts else set()
    known = [column for column in schema.fieldNames() if column not in optional]
    expected = [*has_schema(schema), *never_null(*known), *whole]
    return ExpectationSuite("sessions", expectations=expected)


def session_shape() -> ExpectationSuite:
    """Sessions are told apart, and none ends before it starts."""
    return ExpectationSuite(
        "session_shape",
        expectations=[
            # Counted, not looked for row by row: each of these would be two passes over all sessions, or a sort.
            at_most("repeated_session_ids", 0, "each session_id is there once"),
            at_most("sessions_ending_before_start", 0, "no session ends before it starts"),
        ],
    )


def total(column: str, sum_of_all: int, claim: str) -> gxe.Expectation:
    """The values of a column come to this sum."""
    return gxe.ExpectColumnSumToBeBetween(column=column, min_value=sum_of_all, max_value=sum_of_all, description=claim)
