"""A Great Expectations checkpoint on Spark tables: run it, keep its Data Docs, say what failed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import great_expectations as gx
import pandas as pd
from great_expectations.checkpoint import CheckpointResult, UpdateDataDocsAction, ValidationAction
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context import EphemeralDataContext
from great_expectations.expectations.metadata_types import FailureSeverity

from include.expectations.counting import counted
from include.expectations.data_docs import open_context
from include.expectations.table import Table
from spark_jobs.shared.documents import write_record
from spark_jobs.shared.failures import explain
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import CheckRecord, Validation

log = logging.getLogger(__name__)

UNEXPECTED_SHOWN = 3
CHARACTERS_SHOWN = 100


class CheckError(RuntimeError):
    """An expectation could not be checked; another try may."""


@dataclass(frozen=True)
class Failure:
    """An expectation that was not met: how bad that is, and a sentence with what was found."""

    severity: FailureSeverity
    sentence: str


def run_checkpoint(name: str, table: Table, run_date: date, data_docs: str) -> CheckpointResult:
    """Validate a table against its suite and add the result to the Data Docs in the directory `data_docs`."""
    return validate(name, table, run_date, data_docs, [UpdateDataDocsAction(name="data_docs")])


def validate(
    name: str, table: Table, run_date: date, data_docs: str, actions: Sequence[ValidationAction] = ()
) -> CheckpointResult:
    """Validate a table against its suite, keep the result below `data_docs`, and do with it what is to be done."""
    # Both tries below are one run to Great Expectations: the second takes the first's place in the Data Docs.
    run_id = RunIdentifier(run_name=f"run date {run_date}")

    def validated(looked_at: Table) -> CheckpointResult:
        checkpoint = _checkpoint(open_context(Path(data_docs)), name, looked_at, run_date, actions)
        return checkpoint.run(batch_parameters={"dataframe": looked_at.rows}, run_id=run_id)

    # Counting is one pass for all expectations. To find what is unexpected takes a pass for each: for failures only.
    counts = _counted(table)
    result = validated(counts) if counts else None
    return result if result and result.success else validated(table)


def _counted(table: Table) -> Table | None:
    if isinstance(table.rows, pd.DataFrame):
        return None
    try:
        return counted(table.rows, table.suite)
    except Exception as error:
        # Great Expectations meets the same error, and says which expectations could not be checked.
        log.warning("%s cannot be counted: %s", table.suite.name, explain(error))
        return None


def _checkpoint(
    context: EphemeralDataContext,
    name: str,
    table: Table,
    run_date: date,
    actions: Sequence[ValidationAction],
) -> gx.Checkpoint:
    validation = context.validation_definitions.add(
        gx.ValidationDefinition(
            name=table.suite.name,
            data=_source(context, table).add_batch_definition_whole_dataframe(str(run_date)),
            suite=context.suites.add_or_update(table.suite),
        )
    )
    return context.checkpoints.add(
        gx.Checkpoint(
            name=name,
            validation_definitions=[validation],
            actions=list(actions),
            result_format={"result_format": "BASIC", "partial_unexpected_count": UNEXPECTED_SHOWN},
        )
    )


def _source(context: EphemeralDataContext, table: Table) -> Any:
    # One name for both, so that a result takes the place of that of its counts.
    if isinstance(table.rows, pd.DataFrame):
        return context.data_sources.add_pandas("lake").add_dataframe_asset(table.suite.name)
    # The default is to cache the whole frame first: twice the time here, and more memory than there may be.
    return context.data_sources.add_spark("lake", persist=False).add_dataframe_asset(table.suite.name)


def keep_results(
    check: str, results: list[CheckpointResult], lake: Lake, run_date: date, snapshots: dict[str, int]
) -> CheckRecord:
    """Keep the results of a check of some snapshots as its record, and return that."""
    found = [failure for result in results for failure in failures(result)]
    unmet = {
        severity: tuple(failure.sentence for failure in found if failure.severity == severity)
        for severity in FailureSeverity
    }
    errors = tuple(error for result in results for error in errors_of(result))
    record = CheckRecord(
        stage=check,
        run_date=run_date,
        snapshots=snapshots,
        success=not errors and not unmet[FailureSeverity.CRITICAL],
        critical=unmet[FailureSeverity.CRITICAL],
        warning=unmet[FailureSeverity.WARNING],
        info=unmet[FailureSeverity.INFO],
        errors=errors,
        validations=tuple(_validation(one) for result in results for one in result.run_results.values()),
    )
    write_record(lake.stage_record(check, run_date), record)
    return record


def _validation(found: Any) -> Validation:
    counts = found.statistics
    return Validation(
        suite=found.suite_name, expectations=counts["evaluated_expectations"], met=counts["successful_expectations"]
    )


def failures(result: CheckpointResult) -> list[Failure]:
    """Say of each expectation that was checked and not met: table, claim, what was found, expectation."""
    found = []
    for suite, expectation in _expectations(result):
        if not expectation.success and not _error(expectation):
            expected = expectation.expectation_config
            sentence = f"{suite}: expected: {expected.description}; {_found(expectation)} ({expected.type})"
            found.append(Failure(FailureSeverity(expected.severity), sentence))
    return found


def raise_for_errors(result: CheckpointResult) -> None:
    """Raise CheckError if an expectation could not be checked at all: that says nothing about the data.

    Great Expectations catches whatever the computing of a metric raises, a lost executor too.
    """
    for error in errors_of(result):
        raise CheckError(error)


def errors_of(result: CheckpointResult) -> list[str]:
    """Say of each expectation that could not be checked why not."""
    return [
        f"{suite}: {expectation.expectation_config.type} could not be checked: {error}"
        for suite, expectation in _expectations(result)
        if (error := _error(expectation))
    ]


def _expectations(result: CheckpointResult) -> list[tuple[str, Any]]:
    """The name of the suite and the result of each expectation."""
    return [
        (validation.suite_name, expectation)
        for validation in result.run_results.values()
        for expectation in validation.results
    ]


def _error(expectation: Any) -> str | None:
    """What kept an expectation from being checked, None if nothing did."""
    info = expectation.exception_info or {}
    # One exception, or one for each metric, as it comes.
    messages = [one.get("exception_message") for one in (info, *info.values()) if isinstance(one, dict)]
    return next((message for message in reversed(messages) if message), None)


def _found(expectation: Any) -> str:
    result = expectation.result
    if "unexpected_count" in result:
        some = ", ".join(str(value)[:CHARACTERS_SHOWN] for value in result["partial_unexpected_list"])
        return f"found {result['unexpected_count']} of {result['element_count']} rows unexpected, such as {some}"
    value = result.get("observed_value")
    return f"found {value:.8g}" if isinstance(value, float) else f"found {value}"
