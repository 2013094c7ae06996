"""Errors that trying again cannot mend."""

from __future__ import annotations


class DataError(Exception):
    """The data is not what the job needs: the same data would fail it again."""


class InputError(DataError):
    """The input or the lake cannot be used as it is."""


class EmptyInputError(DataError):
    """The input holds no line at all."""


class MissingRecordError(DataError):
    """A stage asked for what no run has made."""


class OtherRecordError(DataError):
    """A stage's record is of another snapshot than the one that is asked for."""


class InvalidRecordError(DataError):
    """What a stage kept is not what this version of it keeps: it was cut short, or is of another version."""


class SchemaMismatchError(DataError):
    """A table that was about to be published lacks a column of its schema or has it in another type."""


class UnreadableInputError(DataError):
    """A file of the input cannot be read to its last line: it is damaged."""
