"""docs/shop.md names what the contract and the answers of the shop have."""

from __future__ import annotations

import re

import pytest

from spark_jobs.contract import Records
from spark_jobs.conversion.summary import METRICS
from spark_jobs.conversion.tables import ANSWERS, DAILY_METRICS, TIER_METRICS
from spark_jobs.lake.tables import Table
from spark_jobs.logs.shop.contract import SHOP
from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "shop.md").read_text(encoding="utf-8")


def row_of(name: str) -> str:
    """Return the row of a table of the page that begins with a name."""
    return re.search(rf"^\| `{re.escape(name)}` \|(.*)\|$", PAGE, re.M)[1]  # type: ignore[index]


def columns_said(answer: Table) -> list[str]:
    """Return the columns that the page gives an answer, without what stands in brackets behind one."""
    cell = row_of(f"{answer.name}.tsv").rpartition("|")[2]
    return re.sub(r"\([^)]*\)|:.*", "", cell).replace(" ", "").split(",")


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.name)
def test_page_has_every_column_of_an_answer(answer: Table) -> None:
    said = columns_said(answer)
    if answer is TIER_METRICS:
        shared = columns_said(DAILY_METRICS)
        said = [said[0], *shared[shared.index("events") :], said[-1]]
    assert said == answer.schema.fieldNames()


def test_page_has_every_metric_of_the_summary() -> None:
    assert tuple(re.findall(r"`(\w+)`", row_of("summary.tsv"))) == METRICS


@pytest.mark.parametrize("records", SHOP.kinds, ids=lambda records: records.name)
def test_page_has_every_field_and_sensitive_one(records: Records) -> None:
    row = row_of(records.name)
    assert [field.name for field in records.fields if f"`{field.name}`" not in row] == []
    assert set(re.findall(r"`(\w+)`\*", row)) == {field.name for field in records.fields if field.sensitive}
