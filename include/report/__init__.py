"""The report of a run: the answer, whether to trust it, and what lies behind it."""
