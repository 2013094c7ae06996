"""Paths of files and URIs of objects: as bytes, which a file system knows, and as text for arguments and people."""

from __future__ import annotations

import re
from urllib.parse import quote_from_bytes, unquote_to_bytes

from spark_jobs.shared.errors import InputError

_URI = "file://"
_OBJECT = b"s3a://"
_OBJECT_URI = re.compile(r"s3a?://", re.IGNORECASE)
_OTHER_URI = re.compile(r"[a-z][a-z0-9+.-]*:/", re.IGNORECASE)


def path_of(text: str) -> bytes:
    """Return the path that a text means: a `file://` URI, whose `%fc` is a byte, or the path itself in UTF-8.

    An object's URI becomes an `s3a://` one; its name stands as it is. Raises InputError for the URI of another store.

    >>> path_of("/logs/Müsik"), path_of("file:///logs/M%FCsik"), path_of("s3://logs/a%20b")
    (b'/logs/M\\xc3\\xbcsik', b'/logs/M\\xfcsik', b's3a://logs/a%20b')
    """
    if scheme := _OBJECT_URI.match(text):
        return _OBJECT + text[scheme.end() :].encode("utf-8", "surrogateescape")
    if text.startswith(f"{_URI}/"):
        return unquote_to_bytes(text.removeprefix(_URI))
    if _OTHER_URI.match(text):
        raise InputError(
            f"found {text!r}, allowed is a local path, file:///... or s3a://bucket/...; mount another store to use it"
        )
    return text.encode("utf-8", "surrogateescape")


def in_ascii(path: bytes) -> str:
    """Return a text of ASCII that `path_of` reads as this path: a program in another locale reads it alike.

    An object's name, which has no escapes, stays as it is: it is UTF-8 for every program.

    >>> in_ascii(b"/logs/2009"), in_ascii(b"/logs/M\\xfcsik")
    ('/logs/2009', 'file:///logs/M%FCsik')
    """
    if is_object(path):
        return path.decode()
    is_plain = path.isascii() and path.decode("ascii").isprintable()
    return path.decode("ascii") if is_plain else f"{_URI}{quote_from_bytes(path, safe='/*?[]')}"


def in_utf_8(path: bytes) -> str:
    """Return a text for people that `path_of` reads as this path: the path itself where it can be shown.

    >>> in_utf_8("/logs/Müsik".encode()), in_utf_8(b"/logs/M\\xfcsik")
    ('/logs/Müsik', 'file:///logs/M%FCsik')
    """
    text = path.decode("utf-8", "surrogateescape")
    return text if text.isprintable() else in_ascii(path)


def shown(path: bytes) -> str:
    """Return a path as text: no two paths have the same, and a byte that cannot be shown is `\\xfc`, a backslash two.

    >>> print(shown(b"/logs/M\\xfcsik"), shown("/logs/Müsik".encode()))
    /logs/M\\xfcsik /logs/Müsik
    """
    text = path.decode("utf-8", "surrogateescape")
    return text if text.isprintable() and "\\" not in text else "".join(map(_shown_character, text))


def _shown_character(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))


def is_below(path: bytes, directory: bytes) -> bool:
    """Return whether a path is a directory or lies below it; both are absolute, links resolved."""
    return path == directory or path.startswith(directory.rstrip(b"/") + b"/")


def is_object(path: bytes) -> bool:
    """Return whether it is the URI of an object, not a path on a disk."""
    return path.startswith(_OBJECT)
