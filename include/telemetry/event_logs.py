"""The event logs Spark writes of our stages: where they lie, how many stay, and what is kept of each."""

from __future__ import annotations

import logging
import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from include.telemetry.spark_costs import has_property, spark_costs
from spark_jobs.shared.documents import write_record
from spark_jobs.shared.lake import Lake
from spark_jobs.shared.publication_record import SparkCosts

log = logging.getLogger(__name__)

# Those of a month of daily runs of three logs, six applications each.
LOGS_KEPT = 540
# By this setting the log of an attempt is known among those of other runs.
MARK = "spark.pipeline.attempt"
DIRECTORY, ENABLED = "spark.eventLog.dir", "spark.eventLog.enabled"


@dataclass(frozen=True)
class EventLog:
    """The event log that an application is about to write: the settings it takes, and where it will be found."""

    settings: dict[str, str]
    directory: Path
    attempt: str

    def costs(self) -> SparkCosts:
        """Sum up the log; raises FileNotFoundError when there is none that plain Python can read."""
        newest_first = sorted(self.directory.iterdir(), key=lambda file: -file.stat().st_mtime)
        for file in filter(_is_plain, newest_first):
            if has_property(file, MARK, self.attempt):
                return spark_costs(file)
        raise FileNotFoundError(f"no uncompressed event log of this attempt in {self.directory}")


@contextmanager
def costs_kept(stage: str, lake: Lake, run_date: date, connection: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Lend the settings with which a stage's application writes its event log; keep its costs when it has ended well.

    What cannot be written or read costs a line in the log, never the run.
    """
    forget_costs(lake, stage, run_date)
    with _directory(lake) as directory:
        event_log = prepare(directory, connection)
        if event_log is None:
            yield {}
            return
        yield event_log.settings
        keep_costs(lake, stage, run_date, event_log.costs)


@contextmanager
def _directory(lake: Lake) -> Iterator[Path]:
    """Lend the directory of a lake's event logs; one that goes with the block where the lake is in an object store."""
    there = lake.spark_events()
    if isinstance(there, Path):
        yield there
        return
    with tempfile.TemporaryDirectory(prefix="spark-events-") as scratch:
        yield Path(scratch)


def prepare(events: Path, connection: dict[str, Any]) -> EventLog | None:
    """Make room for one more event log in a directory; None when there will be none, or none that can be read here.

    A `spark.*` setting of the connection stands above ours: with another `spark.eventLog.dir` the logs stay there until
    somebody else removes them, with `spark.eventLog.enabled` false there are none.
    """
    ours = {
        ENABLED: "true",
        DIRECTORY: events.as_uri(),
        # One file that grows, as plain text: Spark's default is a directory of compressed ones.
        "spark.eventLog.rolling.enabled": "false",
        "spark.eventLog.compress": "false",
        # By default what a task has done is there when some twenty have ended: `records_read` reads along.
        "spark.eventLog.buffer.kb": "1",
        MARK: uuid.uuid4().hex,
    }
    settings = ours | {key: str(value) for key, value in connection.items() if key in ours}
    directory = local_directory(settings[DIRECTORY])
    if settings[ENABLED].lower() != "true" or directory is None:
        return None
    if DIRECTORY not in connection and not _make_room(directory):
        return None
    return EventLog({key: settings[key] for key in ours if key not in connection}, directory, settings[MARK])


def forget_costs(lake: Lake, stage: str, run_date: date) -> None:
    """Remove the costs of an earlier run of the date: this one may keep none."""
    with suppress(OSError):
        lake.spark_costs(stage, run_date).unlink(missing_ok=True)


def keep_costs(lake: Lake, stage: str, run_date: date, costs: Callable[[], SparkCosts]) -> None:
    """Keep what `costs` returns; if it raises, the task log says why in a line."""
    try:
        write_record(lake.spark_costs(stage, run_date), costs())
    except (OSError, LookupError, ValueError, TypeError) as error:
        log.warning("%s: the report will not tell what Spark did: %s: %s", stage, type(error).__name__, error)


def read_costs(lake: Lake, stage: str, run_date: date) -> SparkCosts | None:
    """Return the costs of a stage or a check, None if it kept none that can be read."""
    try:
        return SparkCosts.model_validate_json(lake.spark_costs(stage, run_date).read_bytes())
    except (OSError, ValueError):
        return None


def _make_room(directory: Path) -> bool:
    """Make the directory and remove its oldest logs; False if Spark, which fails without, could not write there."""
    with suppress(OSError):
        directory.mkdir(parents=True, exist_ok=True)
        newest_first = sorted(directory.iterdir(), key=lambda file: -file.stat().st_mtime)
        for file in filter(Path.is_file, newest_first[LOGS_KEPT - 1 :]):
            file.unlink(missing_ok=True)
    if os.access(directory, os.W_OK | os.X_OK):
        return True
    log.warning("%s cannot be written: the report will not tell what Spark did", directory)
    return False


def _is_plain(file: Path) -> bool:
    # Compressed ones end in .zstd and the like, those of applications under way in .inprogress; names begin with the
    # application's id.
    return file.is_file() and not file.suffix and not file.name.startswith(".")


def local_directory(directory: str) -> Path | None:
    """The local directory that a path or URI names, None for another file system's."""
    parts = urlsplit(directory)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return None if parts.scheme else Path(directory)
