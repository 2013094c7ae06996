"""What the jobs of a log are told; tests/dags/test_listening.py has the command lines of listening."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugins.job_arguments import job_arguments, made
from spark_jobs.limits import Parameter
from spark_jobs.logs.shop.contract import SHOP

OWN = (
    Parameter("steps", 3, "number", "How many steps"),
    Parameter("days", None, "number", "How many days"),
    Parameter("anonymous", False, "yes or no", "Without users: yes or no."),
    Parameter("campaigns_path", None, "path", "The campaigns."),
)


def test_answers_are_told_what_their_contract_names() -> None:
    assert job_arguments(replace(SHOP, parameters=OWN), "conversion", "/input") == {
        "events": "{{ ti.xcom_pull('data_quality')['snapshots']['events'] }}",
        "sessions": "{{ ti.xcom_pull('session_analysis')['snapshots']['sessions'] }}",
        "session_gap_minutes": "{{ params.session_gap_minutes | int }}",
        "steps": "{{ params.steps | int }}",
        "days": "{{ params.days | int if params.days else '' }}",
        "anonymous": "{{ 'yes' if params.anonymous else 'no' }}",
        "campaigns": "{{ ti.xcom_pull('check_input')['paths']['campaigns_path'] }}",
        "input_root": "/input",
    }


def test_answers_without_files_know_no_input() -> None:
    assert list(job_arguments(SHOP, "conversion", "/input")) == ["events", "sessions", "session_gap_minutes"]


@pytest.mark.parametrize(
    ("table", "stage"),
    [
        ("events", "data_quality"),
        ("rejected_records", "data_quality"),
        ("sessions", "session_analysis"),
        ("funnel", "conversion"),
    ],
)
def test_snapshot_is_of_the_stage_that_makes_its_table(table: str, stage: str) -> None:
    assert made(SHOP, table) == f"{{{{ ti.xcom_pull('{stage}')['snapshots']['{table}'] }}}}"
