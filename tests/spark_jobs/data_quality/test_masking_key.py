from __future__ import annotations

import pytest

from spark_jobs.data_quality.history import Base, OtherMaskingKeyError, check_masking_key
from spark_jobs.logs.shop.contract import SHOP
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.records import DataQualityRecord, Published
from tests.logs import RUN_DATE
from tests.records import told


def base(key: str) -> Base:
    record = told(SHOP, "data_quality", RUN_DATE, {"masking_key": key})
    assert isinstance(record, DataQualityRecord)
    return Base(Lake("/lake", "shop"), Published(RUN_DATE, "run", {}), record)


@pytest.mark.parametrize(("before", "now"), [("1:aa", "1:bb"), ("1:aa", "2:aa"), ("1:aa", ""), ("", "1:aa")])
def test_daily_load_by_another_key_is_refused(before: str, now: str) -> None:
    found = f"hashed by {f'the key {before}' if before else 'no key'}.*by {f'the key {now}' if now else 'no key'}, and"
    with pytest.raises(OtherMaskingKeyError, match=found):
        check_masking_key(base(before), now)


@pytest.mark.parametrize("key", ["1:aa", ""])
def test_same_key_and_a_new_log_are_taken(key: str) -> None:
    check_masking_key(base(key), key)
    check_masking_key(None, key)
