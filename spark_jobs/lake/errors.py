"""Errors of the lake; trying again helps only against a lock."""

from __future__ import annotations

from spark_jobs.shared.errors import DataError


class LakePlaceError(DataError):
    """The lake cannot be where it is said to be, or its catalog cannot."""


class EarlierLakeError(DataError):
    """The directory holds a lake of a version before this one."""


class MovedLakeError(DataError):
    """The lake was made elsewhere: its tables hold absolute paths that lead there."""


class LostCatalogError(DataError):
    """The lake has tables, and what says which snapshots they have is gone."""


class TableChangedError(DataError):
    """A table's columns differ from those of this version, and adding columns does not mend it."""


class ClockError(Exception):
    """This machine's clock is behind that of the last writer, which it may be set to."""


class LockedError(Exception):
    """Another run holds the log, which ends by itself."""


class NotPublishedError(DataError):
    """No run is published for the date, or a publication was cut off between two tables."""


class ForeignSnapshotError(DataError):
    """A snapshot that should be published is of another run, or was made from the snapshots of another run."""


class SupersededError(DataError):
    """The date was published from newer snapshots in the meantime."""


class BackwardsError(DataError):
    """A daily load comes after loads of later dates, which lack what it would add."""
