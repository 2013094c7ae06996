"""The statements that read and judge the lines of one kind of records.

DuckDB's parser is kinder than the rules: it takes NaN, a comma after the last value, and the first of two equal names,
and its casts make texts of numbers. So a line is read fast first, and its length proves the reading. The values,
written without a space, are as long as the line: it has nothing else. A line without that proof is read exactly, and so
is one with a value that breaks a rule. That costs ten times as much.
"""

from __future__ import annotations

import json
from datetime import date

from benchmarks.shop.fields import FIELDS, MONEY, QUANTITY, TIME, Field, Reading, listed

Fields = tuple[Field, ...]
LONGEST_LINE = 2**20
# Of an amount the parser does not keep the digits, so that numbers are made texts first where there are amounts.
FAST = Reading("{}", "", "fast_number", {QUANTITY: "JSON"})
FAST_WITH_AMOUNTS = Reading("{}", "", "marked_number", {})
EXACT = Reading("s{}n", "exact_text", "exact_number", {})


def read_fast(kind: str, files: list[str], run_date: date) -> str:
    """Return the statement that makes the table `judged_<kind>` of the lines of some files.

    It has the fields' values, `reason`, and of a line that these do not tell `line` and `file`. A line without the
    proof has the reason `unproven`.
    """
    fields = FIELDS[kind]
    has_amounts = any(field.value == MONEY for field in fields)
    reading, read = (FAST_WITH_AMOUNTS, "with_marked_numbers(line)") if has_amounts else (FAST, "line")
    return f"""
CREATE TABLE judged_{kind} AS
WITH lines AS (
    SELECT coalesce(line, '') AS line, filename AS file, {read} AS json
    FROM read_csv({files}, columns = {{'line': 'VARCHAR'}}, delim = chr(1) || chr(2), quote = '', escape = '',
        header = false, auto_detect = false, strict_mode = false, new_line = '\\r\\n', filename = true,
        max_line_size = {LONGEST_LINE + 1}, store_rejects = true, rejects_table = 'unread_{kind}',
        rejects_scan = 'scanned_{kind}', rejects_limit = 0)
), texts AS (
    SELECT *, CASE WHEN json_valid(json) THEN json_transform(json, '{_structure(fields, reading)}') END AS p
    FROM lines
), typed AS (
    SELECT line, file, strlen(json) AS bytes, p, {_columns(fields, reading, "p")}
    FROM texts
), proven AS (
    SELECT *, coalesce(
        bytes = 1 + {" + ".join(_length(field, "p", has_amounts) for field in fields)}
        AND {" AND ".join(_surely(fields))}, false
    ) AS is_proven
    FROM typed
)
SELECT CASE WHEN is_proven THEN {_implausible(fields, run_date)} ELSE 'unproven' END AS reason, {_kept(fields)},
    NULL::VARCHAR[] AS warnings, NULL::VARCHAR[] AS unnamed, false AS is_text,
    CASE WHEN NOT is_proven {_or_cut(fields)} THEN line END AS line, CASE WHEN NOT is_proven THEN file END AS file
FROM proven
"""


def read_exactly(kind: str, run_date: date) -> str:
    """Return the statements that judge the unproven lines of the table `judged_<kind>`.

    They add `warnings` and `unnamed` (lists of names, null for none), and `is_text`: the line is no record.
    """
    fields = FIELDS[kind]
    names = listed(field.name for field in fields)
    return f"""
INSERT INTO judged_{kind} BY NAME
WITH unproven AS MATERIALIZED (
    -- There are few in each vector: brought together, they are worked on at once.
    SELECT line, file FROM judged_{kind} WHERE reason = 'unproven'
), nested AS (
    SELECT DISTINCT line FROM unproven WHERE line LIKE '%{{%{{%' AND json_valid(line)
), with_names_twice AS (
    SELECT line FROM nested, json_tree(line) GROUP BY line, parent, key HAVING count(*) > 1
), lines AS (
    SELECT line, file, CASE WHEN json_valid(line) AND json_type(line) = 'OBJECT' THEN exact(line) END AS m
    FROM unproven
), objects AS (
    SELECT * REPLACE (
        CASE WHEN is_strict(m) AND NOT has_names_twice(line) AND line NOT IN (FROM with_names_twice) THEN m END AS m
    )
    FROM lines
), texts AS (
    SELECT *, json_transform(m, '{_structure(fields, EXACT)}') AS x
    FROM objects
), typed AS (
    SELECT line, file, m, x, {_columns(fields, EXACT, "x")},
        nullif(list_filter(json_keys(if(m IS NULL, NULL, line)), lambda name: name NOT IN {names}), []) AS unnamed
    FROM texts
), judged AS (
    SELECT *, CASE
        WHEN m IS NULL THEN 'invalid_json'
        -- Most have no fault: then no reason is looked for.
        WHEN {_has_fault(fields)} THEN CASE
            {_reasons(fields)}
        END
        ELSE {_implausible(fields, run_date)}
    END AS reason
    FROM typed
), warned AS (
    SELECT *, CASE WHEN reason IS NULL THEN {_warnings(fields)} END AS warnings
    FROM judged
)
SELECT reason, {_kept(fields)}, warnings, unnamed, m IS NULL AS is_text, line, file
FROM warned;
DELETE FROM judged_{kind} WHERE reason = 'unproven'
"""


def rejected(kind: str) -> str:
    """Return the query of the rejected records of a kind, without their sensitive values.

    Of a line that is no record it has file and length.
    """
    fields = FIELDS[kind]
    hidden = {EXACT.named(field.name): None for field in fields if field.sensitive}
    record = f"json_merge_patch(exact(line), '{json.dumps(hidden)}')" if hidden else "exact(line)"
    columns = ", ".join(f"{field.name}: {_written(field)}" for field in fields if not field.sensitive)
    # It leaves out what is null.
    told = f"json_merge_patch('{{}}', to_json({{{columns}}}))"
    return f"""
SELECT '{kind}' AS kind, coalesce(reason, 'duplicate') AS reason,
    CASE WHEN line IS NULL THEN {told} WHEN NOT is_text THEN without_marks({record}) END AS record,
    CASE WHEN is_text THEN strlen(line) END AS length, CASE WHEN is_text THEN file END AS file
FROM judged_{kind}
WHERE reason IS NOT NULL OR rowid IN (SELECT row FROM copies_of_{kind} WHERE copy > 1)
UNION ALL
SELECT '{kind}', if(bool_or(error_type = 'INVALID ENCODING'), 'invalid_encoding', 'invalid_json'), NULL,
    strlen(any_value(csv_line)), any_value(file_path)
FROM unread_{kind}
JOIN scanned_{kind} USING (scan_id, file_id)
GROUP BY scan_id, file_id, line
"""


def _structure(fields: Fields, reading: Reading) -> str:
    return json.dumps(reading.structure(fields))


def _columns(fields: Fields, reading: Reading, struct: str) -> str:
    return ",\n        ".join(f"{field.of(reading, struct)} AS {field.column}" for field in fields)


def _kept(fields: Fields) -> str:
    """The columns to keep: of sensitive values a hash, that tells equal records."""
    sensitive = [field.column for field in fields if field.sensitive]
    kept = [_or_zero(field) for field in fields if not field.sensitive]
    key = f"hash({', '.join(sensitive)})" if sensitive else "0"
    return ", ".join([*kept, f"{key} AS sensitive_key"])


def _or_zero(field: Field) -> str:
    is_amount = field.value == MONEY and not field.required
    return f"coalesce({field.column}, 0::DECIMAL(12, 2)) AS {field.column}" if is_amount else field.column


def _written(field: Field) -> str:
    return f"strftime({field.column}, '%Y-%m-%dT%H:%M:%S.%fZ')" if field.value == TIME else field.column


def _or_cut(fields: Fields) -> str:
    """Or is a value less than its text, so that the columns do not tell the line?"""
    return "".join(f"OR strlen(p.{one.name}) > strlen({one.name})" for one in fields if one.is_cut)


def _length(field: Field, struct: str, has_amounts: bool) -> str:
    """The bytes of a field, from its name to the comma behind it, if it was written without a space; 0 if absent."""
    at, around = f"{struct}.{field.name}", len(field.name) + 4
    if field.items:
        item = " + ".join(_length(one, "item", has_amounts) for one in field.items)
        return f"coalesce(list_sum(list_transform({at}, lambda item: {item} + 2)) + {around + 1}, 0)"
    quotes = 0 if field.value == QUANTITY and not has_amounts else 2
    return f"coalesce(strlen({at}) + {around + quotes}, 0)"


def _surely(fields: Fields) -> list[str]:
    """What must hold, besides the length, of values read fast: each is of its type, and none is missing."""
    claims = []
    for field in fields:
        at, there = f"p.{field.name}", f"{field.column} IS NOT NULL"
        claims.append(there if field.required is True else f"({there} OR {at} IS NULL)")
        if isinstance(field.required, tuple):
            claims.append(f"({there} OR event_type NOT IN {listed(field.required)})")
        if field.is_free_text:
            claims.append(f"({at} IS NULL OR is_surely_text({at}))")
    return claims


def _has_fault(fields: Fields) -> str:
    """Lacks a record a value that it must have?"""
    return " OR ".join(f"({field.must_be} AND {field.column} IS NULL)" for field in fields if field.required)


def _reasons(fields: Fields) -> str:
    needed = [field for field in fields if field.required]
    lines = [
        f"WHEN {field.must_be} AND NOT {field.has(EXACT, 'x', 'm')} THEN 'missing_{field.name}'" for field in needed
    ]
    lines += [f"WHEN {field.must_be} AND {field.column} IS NULL THEN 'invalid_{field.name}'" for field in needed]
    return "\n            ".join(lines)


def _implausible(fields: Fields, run_date: date) -> str:
    if not any(field.name == "occurred_at" for field in fields):
        return "NULL::VARCHAR"
    last = f"TIMESTAMP '{run_date}' + INTERVAL 2 DAYS"
    return f"CASE WHEN occurred_at < TIMESTAMP '2015-01-01' OR occurred_at >= {last} THEN 'implausible_time' END"


def _warnings(fields: Fields) -> str:
    """The warnings of a record, null for none: most have none, then none is looked for."""
    optional = [field for field in fields if field.required is not True]
    claims = {
        f"invalid_{field.name}": f"NOT {field.must_be} AND {field.column} IS NULL AND {field.has(EXACT, 'x', 'm')}"
        for field in optional
    }
    claims["unnamed_field"] = "unnamed IS NOT NULL"
    names = ", ".join(f"CASE WHEN {claim} THEN '{name}' END" for name, claim in claims.items())
    odd = [f"({field.column} IS NULL AND x.{EXACT.named(field.name)} IS NOT NULL)" for field in optional]
    found = f"nullif(list_filter([{names}], lambda name: name IS NOT NULL), [])"
    return f"CASE WHEN {' OR '.join(['unnamed IS NOT NULL', *odd])} THEN {found} END"
