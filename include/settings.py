"""What the deployment decides, from the environment; a run's parameters cannot change it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from spark_jobs.shared.lake import Lake

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Settings:
    """Where the lake is, below which directory a run may read, and what the scheduled run reads."""

    lake: Lake
    input_root: Path
    input_path: str


def settings() -> Settings:
    """Read the settings from the environment.

    `LASTFM_LAKE`: root of the lake, a directory (default: `lake` in the project).
    `LASTFM_INPUT_ROOT`: runs may read logs below it and nowhere else (default: `input` in the project).
    `LASTFM_INPUT_PATH`: what a run reads if its parameter does not say (default: the name the log is published under).
    """
    lake = os.environ.get("LASTFM_LAKE", str(PROJECT / "lake"))
    if "://" in lake or not Path(lake).is_absolute():
        raise ValueError(
            f"LASTFM_LAKE: found {lake!r}, allowed is the absolute path of a directory that every worker sees; "
            "mount an object store to use one"
        )
    return Settings(
        lake=Lake(lake),
        input_root=Path(os.environ.get("LASTFM_INPUT_ROOT", PROJECT / "input")),
        input_path=os.environ.get("LASTFM_INPUT_PATH", "userid-timestamp-artid-artname-traid-traname.tsv"),
    )
