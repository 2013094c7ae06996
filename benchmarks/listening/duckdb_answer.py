"""The same question as one statement of SQL in DuckDB, over the raw log, with no checks.

For scale: what one machine can do without Spark. Quotes are characters here, so names come out as they were logged.
"""

from __future__ import annotations

import sys

import duckdb

QUESTION = """
COPY (
    WITH listens AS (
        FROM read_csv(
            $log, delim = '\t', quote = '', escape = '', header = false, auto_detect = false, columns = {
                'user_id': 'VARCHAR', 'listened_at': 'TIMESTAMP', 'artist_id': 'VARCHAR', 'artist_name': 'VARCHAR',
                'track_id': 'VARCHAR', 'track_name': 'VARCHAR'
            }
        )
    ), opened AS (
        SELECT user_id, listened_at, artist_name, track_name,
            coalesce(listened_at - lag(listened_at) OVER by_user > INTERVAL 20 MINUTES, true) AS opens
        FROM listens
        WINDOW by_user AS (PARTITION BY user_id ORDER BY listened_at)
    ), numbered AS (
        SELECT user_id, listened_at, artist_name, track_name, sum(opens::INT) OVER so_far AS session
        FROM opened
        -- RANGE takes equal times together: in whichever order they come, none opens a session but the first.
        WINDOW so_far AS (PARTITION BY user_id ORDER BY listened_at RANGE UNBOUNDED PRECEDING)
    ), longest AS (
        SELECT user_id, session
        FROM numbered
        GROUP BY user_id, session
        ORDER BY count(*) DESC, min(listened_at), user_id
        LIMIT 50
    ), songs AS (
        SELECT artist_name, track_name, count(*) AS play_count,
            count(DISTINCT (user_id, session)) AS session_count, count(DISTINCT user_id) AS listener_count
        FROM numbered SEMI JOIN longest USING (user_id, session)
        GROUP BY artist_name, track_name
    )
    SELECT row_number() OVER best_first AS rank, artist_name, track_name, play_count, session_count, listener_count
    FROM songs
    WINDOW best_first AS (
        ORDER BY play_count DESC, session_count DESC, listener_count DESC, artist_name, track_name
    )
    ORDER BY rank
    LIMIT 10
) TO '{output}' (FORMAT csv, DELIMITER '\t', HEADER, QUOTE '', ESCAPE '')
"""


def main(log: str, output: str) -> None:
    """Write the ten songs played most in the fifty longest sessions of a log."""
    duckdb.execute(QUESTION.replace("{output}", output.replace("'", "''")), {"log": log})


if __name__ == "__main__":
    main(*sys.argv[1:])
