"""Files that are unusual as wholes, and what becomes of them."""

from __future__ import annotations

import gzip

from tests.bad_lines import NOON
from tests.logs import line

BOM = b"\xef\xbb\xbf"


def good(user: str) -> bytes:
    return line(user, NOON, "", "a", "", "t") + b"\n"


UTF_16 = "u\t2009-05-04T12:00:00Z\t\ta\t\tt\n".encode("utf-16-le")
# A file's bytes, the users whose one listen it holds, and its rejected lines.
FILES: dict[str, tuple[bytes, list[str], list[tuple[bytes, str]]]] = {
    "mark.tsv": (BOM + good("mark"), ["mark"], []),
    "mark before an odd line.tsv": (BOM + b"odd\n" + good("second"), ["second"], [(b"odd", "field_count")]),
    "mark.tsv.gz": (gzip.compress(BOM + good("mark gz")), ["mark gz"], []),
    "two marks.tsv": (BOM + BOM + good("user"), ["\ufeffuser"], []),
    "nothing but a mark.tsv": (BOM, [], []),
    "mark and line end.tsv": (BOM + b"\n", [], [(b"", "field_count")]),
    "half a mark.tsv": (BOM[:2], [], [(BOM[:2], "invalid_encoding")]),
    "empty.tsv": (b"", [], []),
    "no byte.tsv.gz": (b"", [], []),
    "no line.tsv.gz": (gzip.compress(b""), [], []),
    "no final line end.tsv": (good("first") + good("last")[:-1], ["first", "last"], []),
    "a cr for the final line end.tsv": (good("cr end")[:-1] + b"\r", ["cr end"], []),
    "nothing but line ends.tsv": (
        b"\n\r\n\n",
        [],
        [(b"", "field_count"), (b"\r", "field_count"), (b"", "field_count")],
    ),
    "cr line ends.tsv": (
        good("mac").replace(b"\n", b"\r") * 2,
        [],
        [(good("mac").replace(b"\n", b"\r") * 2, "field_count")],
    ),
    "both line ends.tsv": (good("lf") + good("crlf").replace(b"\n", b"\r\n"), ["lf", "crlf"], []),
    "utf-16.tsv": (
        b"\xff\xfe" + UTF_16 * 2,
        [],
        [
            (b"\xff\xfe" + UTF_16[:-2], "invalid_encoding"),
            (b"\0" + UTF_16[:-2], "invalid_timestamp"),
            (b"\0", "field_count"),
        ],
    ),
    "binary.tsv": (
        bytes(range(256)),
        [],
        [(bytes(range(10)), "field_count"), (bytes(range(11, 256)), "invalid_encoding")],
    ),
    "gzip by another name.tsv": (
        b"\x1f\x8b\x08\0\0\n\xc1\n",
        [],
        [(b"\x1f\x8b\x08\0\0", "invalid_encoding"), (b"\xc1", "invalid_encoding")],
    ),
    "members.tsv.gz": (
        gzip.compress(good("one") + b"tw") + gzip.compress(b"") + gzip.compress(good("two")[2:] + b"odd"),
        ["one", "two"],
        [(b"odd", "field_count")],
    ),
    "UPPER CASE.TSV.GZ": (gzip.compress(good("upper")), ["upper"], []),
    "_hidden.tsv": (good("hidden"), [], []),
    ".hidden.tsv": (good("hidden"), [], []),
}
