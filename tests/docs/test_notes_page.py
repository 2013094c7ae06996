"""docs/notes.md names what the contract and the answers of the notes have."""

from __future__ import annotations

import re

import pytest

from include.report.notes.files import FILES
from spark_jobs.contract import Records
from spark_jobs.lake.tables import Table
from spark_jobs.logs.notes.contract import ACTIONS, NOTES
from tests.conftest import PROJECT

PAGE, QUALITY = ((PROJECT / "docs" / name).read_text(encoding="utf-8") for name in ("notes.md", "data_quality.md"))


def row_of(name: str) -> str:
    """Return the row of a table of the page that begins with a name."""
    return re.search(rf"^\| `{re.escape(name)}` \|(.*)\|$", PAGE, re.M)[1]  # type: ignore[index]


@pytest.mark.parametrize("answer", FILES, ids=lambda answer: answer.name)
def test_page_has_every_column_of_an_answer(answer: Table) -> None:
    cell = row_of(f"{answer.name}.tsv").rpartition("|")[2]
    assert re.sub(r"\([^)]*\)", "", cell).replace(" ", "").split(",") == answer.schema.fieldNames()


@pytest.mark.parametrize("records", NOTES.kinds, ids=lambda records: records.name)
def test_page_has_every_field_and_optional_one(records: Records) -> None:
    always, optional = row_of(records.name).split("|")
    for cell, required in ((always, True), (optional, False)):
        names = {field.name for field in records.fields if field.required is required}
        assert set(re.findall(r"`(\w+)`", cell)) == names


def test_page_has_every_action_in_order() -> None:
    assert tuple(re.findall(r"`(\w+)`", row_of("action_type"))) == ACTIONS


def test_limits_are_told_with_their_defaults() -> None:
    section = QUALITY.partition("### The notes' checks")[2].partition("\n### ")[0]
    for limit in NOTES.limits:
        assert f"| `{limit.name.upper()}` | {limit.default:g} |" in section
