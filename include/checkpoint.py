"""A Great Expectations checkpoint on Spark tables: run it, keep its Data Docs, say what failed."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import great_expectations as gx
from great_expectations.checkpoint import CheckpointResult, UpdateDataDocsAction
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context import EphemeralDataContext
from great_expectations.data_context.types.base import DataContextConfig, ProgressBarsConfig

from include.checks import Table
from include.records import write_record
from spark_jobs.shared.lake import Lake

UNEXPECTED_SHOWN = 3


class CheckError(RuntimeError):
    """An expectation could not be checked; another try may."""


def run_checkpoint(name: str, table: Table, run_date: date, data_docs: str) -> CheckpointResult:
    """Validate a table against its suite and add the result to the Data Docs in the directory `data_docs`."""
    context = _context(Path(data_docs))
    # The default is to cache the whole frame first: twice the time here, and more memory than there may be.
    source = context.data_sources.add_spark("lake", persist=False)
    batch = source.add_dataframe_asset(table.suite.name).add_batch_definition_whole_dataframe(str(run_date))
    validation = context.validation_definitions.add(
        gx.ValidationDefinition(name=table.suite.name, data=batch, suite=context.suites.add(table.suite))
    )
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(name=name, validation_definitions=[validation], actions=[UpdateDataDocsAction(name="data_docs")])
    )
    run_id = RunIdentifier(run_name=f"run date {run_date}")
    return checkpoint.run(batch_parameters={"dataframe": table.rows}, run_id=run_id)


def keep_results(check: str, results: list[CheckpointResult], lake: Lake, run_date: date) -> None:
    """Keep the results of a check's tables as its stage record."""
    validations = [
        {"suite": validation.suite_name, **described}
        for result in results
        for validation, described in zip(
            result.run_results.values(), json.loads(result.describe())["validation_results"], strict=True
        )
    ]
    record = {"success": all(result.success for result in results), "validations": validations}
    write_record(lake, check, run_date, record)


def failures(result: CheckpointResult) -> list[str]:
    """One sentence for each expectation that failed: table, expectation, what was found."""
    return [
        f"{validation.suite_name}: {_expected(expectation)}: {_found(expectation)}"
        for validation in result.run_results.values()
        for expectation in validation.results
        if not expectation.success
    ]


def raise_for_errors(result: CheckpointResult) -> None:
    """Raise CheckError if an expectation could not be checked at all: that says nothing about the data.

    Great Expectations catches whatever the computing of a metric raises, a lost executor too.
    """
    for validation in result.run_results.values():
        for expectation in validation.results:
            info = expectation.exception_info or {}
            # One exception, or one for each metric, as it comes.
            messages = [one.get("exception_message") for one in (info, *info.values()) if isinstance(one, dict)]
            if any(messages):
                raise CheckError(
                    f"{validation.suite_name}: {_expected(expectation)} could not be checked: {messages[-1]}"
                )


def _expected(expectation: Any) -> str:
    config = expectation.expectation_config
    kwargs = ", ".join(f"{name}={value}" for name, value in config.kwargs.items() if name != "batch_id")
    return f"{config.type}({kwargs})"


def _found(expectation: Any) -> str:
    result = expectation.result
    if "unexpected_count" in result:
        some = ", ".join(str(value) for value in result.get("partial_unexpected_list", [])[:UNEXPECTED_SHOWN])
        return f"found {result['unexpected_count']} of {result['element_count']} rows unexpected, such as {some}"
    return f"found {result.get('observed_value')}"


def _context(data_docs: Path) -> EphemeralDataContext:
    """A context of this run alone; only results and their pages stay, below `data_docs`, from run to run."""
    in_memory = {"class_name": "InMemoryStoreBackend"}
    stores = {"expectations": "ExpectationsStore", "checkpoint": "CheckpointStore"}
    stores["validation_definition"] = "ValidationDefinitionStore"
    config = DataContextConfig(
        config_version=4.0,
        expectations_store_name="expectations_store",
        checkpoint_store_name="checkpoint_store",
        validation_results_store_name="validation_results_store",
        stores={
            **{f"{kind}_store": {"class_name": name, "store_backend": in_memory} for kind, name in stores.items()},
            "validation_results_store": {
                "class_name": "ValidationResultsStore",
                "store_backend": _files(data_docs / "results"),
            },
        },
        data_docs_sites={
            "lake": {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "store_backend": _files(data_docs),
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            }
        },
        progress_bars=ProgressBarsConfig(globally=False),
        # Nothing about a run leaves the machine.
        analytics_enabled=False,
    )
    return gx.get_context(project_config=config, mode="ephemeral")


def _files(directory: Path) -> dict[str, str]:
    return {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(directory)}
