"""Read a dataset of the lake without Spark, a batch at a time."""

from __future__ import annotations

from datetime import date

import pyarrow.compute as pc
import pyarrow.dataset as ds

from include.logs import log_behind, place
from spark_jobs.shared.lake import Lake

# Kept as the numbers they are in the file until they are used: a third of the CPU seconds of texts.
TEXTS = ["user_id", "artist_name", "track_name"]
# Columns by name, or what each name stands for.
Columns = list[str] | dict[str, pc.Expression]


def scan(lake: Lake, dataset: str, run_date: date, columns: Columns, where: pc.Expression | None = None) -> ds.Scanner:
    """Read some columns of a run date's rows, those in which `where` holds; columns of TEXTS come as dictionaries."""
    return _scanner([lake.partition(dataset, run_date)], columns, where)


def scan_listens(lake: Lake, run_date: date, columns: list[str]) -> ds.Scanner:
    """Read listens as `scan` does, but all of the run's log, in whichever partitions they lie."""
    return _scanner([str(place(lake, part)) for part in log_behind(lake, run_date).parts], columns)


def _scanner(partitions: list[str], columns: Columns, where: pc.Expression | None = None) -> ds.Scanner:
    kind = ds.ParquetFileFormat(dictionary_columns=TEXTS)
    rows = ds.dataset([ds.dataset(partition, format=kind) for partition in partitions])
    # Reading far ahead, as is the default, would hold most of a partition at once.
    return rows.scanner(columns=columns, filter=where, batch_readahead=2, fragment_readahead=1)
