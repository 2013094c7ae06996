"""The rows of a notes log as CSV files: the plain way, and in unusual spellings with broken records."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta, timezone
from random import Random

from hypothesis import strategies as st

from tests.notes_faults import BREAKAGES, odd_values
from tests.notes_logs import RUN_DATE, NotesLog, notes_logs
from tests.notes_model.csv_records import Record, records_of
from tests.notes_model.records import NAMES, judge_record
from tests.notes_model.rows import Row

Texts = dict[str, str]


def texts_of(row: Row) -> Texts:
    """Return the text of each value of a row by the names of the columns; an empty one is empty."""
    values = {one.name: getattr(row, one.name) for one in fields(row)}
    return {"timestamp" if name == "occurred_at" else name: _text(value) for name, value in values.items()}


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds" if value.microsecond else "seconds").replace("+00:00", "Z")
    return "" if value is None else str(value)


def written(field: str, always: bool = False) -> str:
    """Write a field, in quotes if it needs them."""
    needs_quotes = always or any(one in field for one in ',"\r\n')
    return '"' + field.replace('"', '""') + '"' if needs_quotes else field


def files_of(log: NotesLog) -> dict[str, bytes]:
    """Write each kind of a log as one file, the plain way."""
    rows = {"interactions": log.interactions, "users": log.users}
    return {f"{kind}/all.csv": plain_file(kind, [texts_of(row) for row in found]) for kind, found in rows.items()}


def plain_file(kind: str, records: list[Texts]) -> bytes:
    lines = [NAMES[kind], *([texts[name] for name in NAMES[kind]] for texts in records)]
    return "".join(",".join(map(written, line)) + "\n" for line in lines).encode()


# --- Unusual spellings


def spelled(random: Random, texts: Texts) -> Texts:
    """Write values in another way that is the same after parsing: another zone, zeros in front, white space."""
    texts = dict(texts)
    if "timestamp" in texts:
        moment = datetime.fromisoformat(texts["timestamp"])
        zone = random.choice([UTC, UTC, timezone(timedelta(hours=-18)), timezone(timedelta(hours=5, minutes=30))])
        is_whole = not moment.microsecond and random.random() < 0.5
        texts["timestamp"] = moment.astimezone(zone).isoformat(timespec="seconds" if is_whole else "milliseconds")
        if random.random() < 0.5:
            texts["timestamp"] = texts["timestamp"].replace("+00:00", "Z")
    for name in {"duration_ms", "load_ms", "device_year"} & texts.keys():
        front = random.choice(["", "", "0", "000"]) if texts[name] else random.choice(["", "", " ", "\u3000"])
        texts[name] = front + texts[name]
    return texts


@dataclass(frozen=True)
class Layout:
    """How a file is written. `quotes`: how often a field that needs no quotes has them."""

    columns: list[str]
    end: bytes
    mark: bytes
    quotes: float
    has_last_end: bool


@st.composite
def layouts(draw: st.DrawFn, kind: str) -> Layout:
    """Any order of the columns, with or without one that the rules do not name."""
    more = draw(st.sampled_from([[], [], ["colour"], ['a,"b"\n', ""]]))
    return Layout(
        draw(st.permutations([*NAMES[kind], *more])),
        draw(st.sampled_from([b"\n", b"\n", b"\r\n", b"\r"])),
        draw(st.sampled_from([b"", b"\xef\xbb\xbf"])),
        draw(st.sampled_from([0.0, 0.3, 1.0])),
        draw(st.booleans()),
    )


def record_of(random: Random, layout: Layout, texts: Texts) -> bytes:
    """Write a record; what stands in a column that is not named may be anything."""
    values = [texts.get(name, random.choice(["", "red", 'x,"\n'])) for name in layout.columns]
    return ",".join(written(one, random.random() < layout.quotes) for one in values).encode()


def file_of(random: Random, layout: Layout, records: list[bytes]) -> bytes:
    header = ",".join(written(one, random.random() < layout.quotes) for one in layout.columns).encode()
    return layout.mark + layout.end.join([header, *records]) + layout.end * layout.has_last_end


# --- Whole logs


@st.composite
def notes_files(draw: st.DrawFn, teams: int = 1, run_date: date = RUN_DATE) -> dict[str, bytes]:
    """The files of a log by their paths: rows in any spelling, some twice, some broken, in one or two files a kind.

    A quote that never closes may end a file. At times there is a file that is no part of the log.
    """
    log, random = draw(notes_logs(teams, run_date)), Random(draw(st.integers(0, 2**16)))
    files = {}
    for kind, rows in (("interactions", log.interactions), ("users", log.users)):
        records = draw(_records(kind, [texts_of(row) for row in rows]))
        cut = draw(st.integers(0, len(records)))
        for path, part in ((f"{kind}/a", records[:cut]), (f"{kind}/b c/\u00e9", records[cut:])):
            layout, is_packed = draw(layouts(kind)), draw(st.booleans())
            lines = [broken(record_of(random, layout, spelled(random, texts) | odd)) for texts, odd, broken in part]
            lines += draw(st.sampled_from([[], [], [], [b'"'], [b'x,"y\nz'], [b'\xff,"']]))
            content = file_of(random, layout, lines)
            files[f"{path}.csv{'.gz' * is_packed}"] = gzip.compress(content, mtime=0) if is_packed else content
    return files | draw(st.sampled_from([{}, {"interactions/_SUCCESS.txt": b"", "notes.csv": b"x"}]))


@st.composite
def _records(draw: st.DrawFn, kind: str, rows: list[Texts]) -> list[tuple[Texts, Texts, Callable[[bytes], bytes]]]:
    """Return the texts of records, those that are others instead, and what is to be done to the bytes."""
    records = [(texts, {}, bytes) for texts in rows]
    for texts in draw(st.lists(st.sampled_from(rows), max_size=6)) if rows else []:
        records += [(texts, {}, bytes), (texts, draw(odd_values(kind)), bytes)]
        if kind == "users":
            other = {"join_date": draw(st.sampled_from(["2005-01-01", "2024-05-01"])), "device_year": "2015"}
            records.append((texts, other, bytes))
        if draw(st.booleans()):
            records.append((texts, {}, BREAKAGES[draw(st.sampled_from(sorted(BREAKAGES)))]))
    return draw(st.permutations(records)) if len(records) < 40 else records[::-1]


# --- Successive days


def days_of(files: Mapping[str, bytes], days: list[date], random: Random) -> dict[date, dict[str, bytes]]:
    """Deal the records of a log out to the days on which they arrive, none before its time is plausible.

    Each day has a file for each file of the log, in the same columns; the last of the days is the log's run date.
    """
    arrived: dict[date, dict[str, bytes]] = {day: {} for day in days}
    for path, content in files.items():
        kind, is_packed = path.split("/")[0], path.endswith(".gz")
        if kind not in NAMES or not path.endswith((".csv", ".csv.gz")):
            continue
        header, *records = records_of(gzip.decompress(content) if is_packed else content)
        dealt: dict[date, list[Record]] = {day: [header] for day in days}
        for record in records:
            day = random.choice(days)
            is_early = judge_record(kind, header.fields, record, day) == "implausible_time"
            dealt[days[-1] if is_early or record.open_quote else day].append(record)
        for day, own in dealt.items():
            text = b"\n".join(map(_rewritten, own)) + b"\n" * (not own[-1].open_quote)
            arrived[day][path] = gzip.compress(text, mtime=0) if is_packed else text
    return arrived


def _rewritten(record: Record) -> bytes:
    """Write a record as it was read: in quotes, the last one open if it was. Of an empty line nothing is left."""
    text = ",".join(written(field, always=True) for field in record.fields)
    return text.removesuffix('"' * bool(record.open_quote)).encode("utf-8", "surrogateescape")
