"""How many pieces the listens are cut into: from the data and the cores at hand, never a constant."""

from __future__ import annotations

from collections.abc import Iterable

# A bucket is sorted by one task; this much text sorts without a spill in a 1 GiB share of a 2 GiB driver on two cores.
BYTES_PER_BUCKET = 80 * 1024**2
# A gzipped log grows about this much when it is read.
GZIP_RATIO = 4


def bucket_count(input_sizes: Iterable[tuple[str, int]], cores: int) -> int:
    """Return the number of buckets for files of these names and sizes (bytes): at least one a core, whole rounds of the cores.

    >>> bucket_count([("log.tsv", 2_400_000_000)], cores=2)
    30
    >>> bucket_count([("log.tsv", 5_000)], cores=2)
    2
    """
    text = sum(size * (GZIP_RATIO if name.endswith(".gz") else 1) for name, size in input_sizes)
    rounds = -(-text // (BYTES_PER_BUCKET * cores))
    return max(1, rounds) * cores
