"""Read a dataset of the lake without Spark, a batch at a time."""

from __future__ import annotations

from datetime import date

import pyarrow.compute as pc
import pyarrow.dataset as ds

from spark_jobs.shared.lake import Lake

# Kept as the numbers they are in the file until they are used: a third of the CPU seconds of texts.
TEXTS = ["user_id", "artist_name", "track_name"]


def scanner(
    lake: Lake, dataset: str, run_date: date, columns: list[str], where: pc.Expression | None = None
) -> ds.Scanner:
    """Read some columns of a run date's rows, those in which `where` holds; columns of TEXTS come as dictionaries."""
    partition = ds.dataset(lake.partition(dataset, run_date), format=ds.ParquetFileFormat(dictionary_columns=TEXTS))
    # Reading far ahead, as is the default, would hold most of a partition at once.
    return partition.scanner(columns=columns, filter=where, batch_readahead=2, fragment_readahead=1)
