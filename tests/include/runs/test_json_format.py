"""Refusing files that have no records of their kind, without telling what sensitive values they have."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.runs.file_beginnings import BYTES_READ
from include.runs.input_format import check_format
from spark_jobs.logs.shop.contract import SHOP
from spark_jobs.shared.errors import InputError
from spark_jobs.shared.input_files import list_files

ADDRESS = "ann@example.com"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        pytest.param(f'{{"email": "{ADDRESS}", "tier": "gold"}}', "JSON lines with the names email, tier", id="names"),
        pytest.param(f'[{{"email": "{ADDRESS}"}}]', "a JSON array, not one object a line", id="array"),
        pytest.param(f'{{\n"email": "{ADDRESS}"\n}}', "a JSON object over several lines", id="several lines"),
        pytest.param(f"{ADDRESS},gold", "lines that are no JSON objects", id="CSV"),
        pytest.param(f"{ADDRESS},gold\n".encode("utf-16").decode("latin-1"), "text in UTF-16", id="UTF-16"),
    ],
)
def test_refused_files_show_no_value(tmp_path: Path, content: str, found: str) -> None:
    (tmp_path / "users").mkdir()
    (tmp_path / "users" / "1.jsonl").write_bytes(content.encode("latin-1"))
    with pytest.raises(InputError) as raised:
        check_format(SHOP, str(tmp_path), list_files(str(tmp_path)).files)
    said = str(raised.value)
    assert said.startswith(f"{tmp_path}/users/1.jsonl has no users; found: {found}")
    assert ADDRESS not in said


def test_long_first_record_is_left_to_data_quality(tmp_path: Path) -> None:
    (tmp_path / "users").mkdir()
    long = b'{"email": "' + b"a" * BYTES_READ + b'"}\n{"user_id": "1", "tier": "gold", "valid_from": "today"}\n'
    (tmp_path / "users" / "1.jsonl").write_bytes(long)
    check_format(SHOP, str(tmp_path), list_files(str(tmp_path)).files)
