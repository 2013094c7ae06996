"""What a checkpoint looks at: rows, and the suite that they must meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import great_expectations.expectations as gxe
import pandas as pd
from great_expectations import ExpectationSuite
from pyspark.sql import DataFrame

# The snapshots that a run has made so far, by table.
Snapshots = Mapping[str, int]


@dataclass(frozen=True)
class Table:
    """A table of the lake, or one row of counts about it, and what must hold for it; named as its suite is."""

    rows: DataFrame | pd.DataFrame
    suite: ExpectationSuite

    def having(self, *expectations: gxe.Expectation, **counts: float) -> Table:
        """Return the table with expectations of a log's own, looked at together with the others.

        `counts` are more columns of a row of counts.
        """
        rows = self.rows.assign(**counts) if isinstance(self.rows, pd.DataFrame) else self.rows
        return Table(rows, ExpectationSuite(self.suite.name, expectations=[*self.suite.expectations, *expectations]))


def counts_table(counts: Mapping[str, float], suite: ExpectationSuite) -> Table:
    """Return one row of counts, and what must hold for it."""
    return Table(pd.DataFrame([counts]), suite)
