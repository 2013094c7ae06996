"""The script one would write at first: the same answer from one PySpark application, without checks or hand-offs.

The measure for what the pipeline costs. Its answer is wrong where a name holds an unbalanced quote: like most scripts
of this kind, it uses the CSV reader.
"""

from __future__ import annotations

import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

COLUMNS = (
    "user_id string, listened_at timestamp, artist_id string, artist_name string, track_id string, track_name string"
)


def main(log: str, output: str) -> None:
    """Write the ten songs played most in the fifty longest sessions of a log."""
    spark = SparkSession.builder.appName("baseline").config("spark.sql.session.timeZone", "UTC").getOrCreate()
    listens = spark.read.csv(log, sep="\t", schema=COLUMNS).where("listened_at IS NOT NULL")
    by_user = W.partitionBy("user_id").orderBy("listened_at")
    pause = F.unix_seconds("listened_at") - F.lag(F.unix_seconds("listened_at")).over(by_user)
    opens = F.when(pause.isNull() | (pause > 20 * 60), 1).otherwise(0)
    numbered = listens.withColumn("opens", opens).withColumn("session", F.sum("opens").over(by_user))

    sessions = numbered.groupBy("user_id", "session").agg(
        F.count("*").alias("tracks"), F.min("listened_at").alias("start")
    )
    longest = sessions.orderBy(F.desc("tracks"), "start", "user_id").limit(50)
    songs = numbered.join(F.broadcast(longest), ["user_id", "session"]).groupBy("artist_name", "track_name").count()
    top = songs.orderBy(F.desc("count"), "artist_name", "track_name").limit(10)
    top.coalesce(1).write.csv(output, sep="\t", header=True, mode="overwrite")
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
