"""The pipeline's whole work in one process of DuckDB: what a single machine can do without Spark, and without Airflow.

It judges every line and finds duplicates. It writes listens, sorted by user and time, and rejected records. It cuts
sessions by three gaps, ranks by all six definitions, and counts what the checks look at. No line may be invalid UTF-8:
DuckDB ends there. Not compared: who made what is not kept, and nothing can be tried again or published.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

MEMORY, THREADS = "3GB", 2
GAPS = (10, 20, 30)

JUDGE = r"""
CREATE TABLE judged AS
WITH lines AS (
    SELECT line, rtrim(line, chr(13)) AS bare
    FROM read_csv($log, columns = {'line': 'VARCHAR'}, delim = chr(1), quote = '', escape = '', header = false,
        auto_detect = false)
), split AS (
    SELECT line, string_split(bare, chr(9)) AS field FROM lines
), parsed AS (
    SELECT line, len(field) AS fields, field[1] AS user_id, field[2] AS text,
        try_strptime(field[2], '%Y-%m-%dT%H:%M:%SZ') AS listened_at,
        field[3] AS artist_id, field[4] AS artist_name, field[5] AS track_id, field[6] AS track_name
    FROM split
)
SELECT CASE
        WHEN fields <> 6 THEN 'field_count'
        WHEN trim(user_id) = '' THEN 'missing_user_id'
        WHEN text = '' THEN 'missing_timestamp'
        WHEN listened_at IS NULL THEN 'invalid_timestamp'
        WHEN listened_at < '2002-01-01' OR listened_at >= '2009-05-07' THEN 'implausible_timestamp'
        WHEN trim(artist_name) = '' THEN 'missing_artist_name'
        WHEN trim(track_name) = '' THEN 'missing_track_name'
    END AS reason,
    user_id, listened_at, try_cast(nullif(artist_id, '') AS UUID) AS artist_id, artist_name,
    try_cast(nullif(track_id, '') AS UUID) AS track_id, track_name,
    artist_id <> '' AND try_cast(artist_id AS UUID) IS NULL AS malformed_artist_id,
    track_id <> '' AND try_cast(track_id AS UUID) IS NULL AS malformed_track_id,
    CASE WHEN fields <> 6 THEN line END AS line
FROM parsed
"""
LISTENS = """
COPY (
    SELECT user_id, listened_at, artist_id, artist_name, track_id, track_name
    FROM judged
    WHERE reason IS NULL
    QUALIFY row_number() OVER (
        PARTITION BY user_id, listened_at, artist_name, track_name ORDER BY artist_id NULLS LAST, track_id NULLS LAST
    ) = 1
    ORDER BY user_id, listened_at
) TO '{output}/listens.parquet' (FORMAT parquet, COMPRESSION zstd)
"""
REJECTED = """
COPY (FROM judged WHERE reason IS NOT NULL) TO '{output}/rejected.parquet' (FORMAT parquet, COMPRESSION zstd)
"""
SESSIONS = """
COPY (
    WITH opened AS (
        SELECT user_id, listened_at, hash(artist_name, track_name) AS song,
            coalesce(listened_at - lag(listened_at) OVER by_user > INTERVAL {gap} MINUTES, true)::INT AS opens
        FROM '{output}/listens.parquet'
        WINDOW by_user AS (PARTITION BY user_id ORDER BY listened_at)
    ), numbered AS (
        -- RANGE takes equal times together: in whichever order they come, none opens a session but the first.
        SELECT *, sum(opens) OVER (PARTITION BY user_id ORDER BY listened_at RANGE UNBOUNDED PRECEDING) AS session
        FROM opened
    )
    SELECT user_id, session, min(listened_at) AS started_at, max(listened_at) AS ended_at, count(*) AS tracks,
        count(DISTINCT song) AS songs
    FROM numbered
    GROUP BY user_id, session
) TO '{output}/sessions-{gap}.parquet' (FORMAT parquet, COMPRESSION zstd)
"""
SECONDS = "epoch(ended_at - started_at)"
IS_PLAUSIBLE = f"{SECONDS} <= 259200 AND NOT (tracks >= 30 AND tracks * 60 > 3 * {SECONDS})"
# By name: the gap of the sessions, which of them count, their order, and what tells songs apart.
BY_NAMES, BY_ID = "(artist_name, track_name)", "coalesce(track_id::VARCHAR, artist_name || chr(9) || track_name)"
DEFINITIONS = {
    "answer": (20, "true", "tracks DESC", BY_NAMES),
    "without_implausible_sessions": (20, IS_PLAUSIBLE, "tracks DESC", BY_NAMES),
    "longest_by_duration": (20, "true", "ended_at - started_at DESC", BY_NAMES),
    "gap_10_minutes": (10, "true", "tracks DESC", BY_NAMES),
    "gap_30_minutes": (30, "true", "tracks DESC", BY_NAMES),
    "songs_by_track_id": (
        20,
        "true",
        "tracks DESC",
        "coalesce(track_id::VARCHAR, artist_name || chr(9) || track_name)",
    ),
}
RANKING = """
COPY (
    WITH longest AS (
        FROM '{output}/sessions-{gap}.parquet' WHERE {which} ORDER BY {order}, started_at, user_id LIMIT 50
    ), songs AS (
        SELECT {song} AS song, min(artist_name) AS artist_name, min(track_name) AS track_name, count(*) AS play_count,
            count(DISTINCT (longest.user_id, started_at)) AS session_count,
            count(DISTINCT longest.user_id) AS listener_count
        FROM longest
        JOIN '{output}/listens.parquet' AS listens
            ON listens.user_id = longest.user_id AND listened_at BETWEEN started_at AND ended_at
        GROUP BY song
    )
    SELECT row_number() OVER best_first AS rank, artist_name, track_name, play_count, session_count, listener_count
    FROM songs
    WINDOW best_first AS (
        ORDER BY play_count DESC, session_count DESC, listener_count DESC, artist_name, track_name
    )
    ORDER BY rank
    LIMIT 10
) TO '{output}/{name}.tsv' (FORMAT csv, DELIMITER '\t', HEADER, QUOTE '', ESCAPE '')
"""
CHECKS = (
    "SELECT reason, count(*) FROM judged GROUP BY reason",
    "SELECT count_if(artist_id IS NULL), count_if(malformed_artist_id), count_if(track_id IS NULL),"
    " count_if(malformed_track_id) FROM judged WHERE reason IS NULL",
    "SELECT count(*), count(user_id), count(listened_at), count(artist_name), count(track_name), min(listened_at),"
    " max(listened_at), max(length(artist_name)), max(length(track_name)), count(DISTINCT user_id)"
    " FROM '{output}/listens.parquet'",
    "SELECT sum(tracks), count(*), min(tracks), count(DISTINCT (user_id, started_at)), median(tracks),"
    " count_if(ended_at < started_at), quantile_cont(tracks, 0.99) FROM '{output}/sessions-20.parquet'",
)


def main(log: str, output: str) -> None:
    """Do all of the work on a log; the answer is `answer.tsv` of the new directory."""
    Path(output).mkdir(parents=True)
    places = {"output": output.replace("'", "''")}
    with duckdb.connect(f"{output}/scratch.db") as database:
        database.execute(f"SET memory_limit = '{MEMORY}'; SET threads = {THREADS}; SET TimeZone = 'UTC'")
        database.execute("SET preserve_insertion_order = false")
        database.execute(JUDGE, {"log": log})
        statements = [LISTENS, REJECTED, *(SESSIONS.replace("{gap}", str(gap)) for gap in GAPS)]
        for name, (gap, which, order, song) in DEFINITIONS.items():
            asked = {"name": name, "gap": gap, "which": which, "order": order, "song": song}
            statements.append(RANKING.format(**asked, **places))
        for statement in (*statements, *CHECKS):
            database.execute(statement.replace("{output}", places["output"])).fetchall()


if __name__ == "__main__":
    main(*sys.argv[1:])
