"""The command line of a log's jobs, as templates of what a run was asked for and what its tasks have found and made."""

from __future__ import annotations

from spark_jobs.contract import LogContract
from spark_jobs.limits import Parameter


def job_arguments(contract: LogContract, job: str, input_root: str) -> dict[str, str]:
    """Return what a job is told beside lake, log and run date, by the name of the option."""
    events, gap = contract.events.name, {"session_gap_minutes": "{{ params.session_gap_minutes | int }}"}
    if job == "data_quality":
        files = {"input": _found("input_path"), "input_root": input_root, "listed": _found("listed")}
        return {**files, "load": "{{ params.load }}"}
    if job == "session_analysis":
        return {"events": made(contract, events), **gap}
    own = {one.name.removesuffix("_path"): _chosen(one) for one in contract.parameters}
    root = {"input_root": input_root} if any(one.kind == "path" for one in contract.parameters) else {}
    return {**{table: made(contract, table) for table in (events, "sessions")}, **gap, **own, **root}


def made(contract: LogContract, table: str) -> str:
    """Return the template of the snapshot of a table that this run has made."""
    judged = dict.fromkeys([*(records.name for records in contract.kinds), "rejected_records"], "data_quality")
    stage = {**judged, "sessions": "session_analysis"}.get(table, contract.answers)
    return f"{{{{ ti.xcom_pull('{stage}')['snapshots']['{table}'] }}}}"


def _found(what: str) -> str:
    return f"{{{{ ti.xcom_pull('check_input')['{what}'] }}}}"


def _chosen(parameter: Parameter) -> str:
    """Return the template of a parameter of the answers; empty for nothing."""
    name = f"params.{parameter.name}"
    if parameter.kind == "path":
        return f"{{{{ ti.xcom_pull('check_input')['paths']['{parameter.name}'] }}}}"
    if parameter.kind == "yes or no":
        return f"{{{{ 'yes' if {name} else 'no' }}}}"
    return f"{{{{ {name} | int if {name} else '' }}}}" if parameter.default is None else f"{{{{ {name} | int }}}}"
