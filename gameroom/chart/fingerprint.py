"""One short word for a whole chart, so that a snapshot is never read into another one.

It covers what a room says, not how it is written: spans, docs and the order of names in a
Python dict take no part.
"""

from __future__ import annotations

import hashlib
from dataclasses import fields, is_dataclass

from gameroom.model import Room

_SKIPPED = frozenset({"span", "name_span", "extends_span", "doc"})


def fingerprint(room: Room) -> str:
    """32 hexadecimal digits of a SHA-256."""
    digest = hashlib.sha256()
    _feed(digest, room)
    return digest.hexdigest()[:32]


def _feed(digest: hashlib._Hash, value: object) -> None:
    """Every part is written with its kind and size, so no two rooms run together."""
    if isinstance(value, tuple):
        digest.update(b"(%d" % len(value))
        for part in value:
            _feed(digest, part)
    elif is_dataclass(value):
        digest.update(b"<%s" % type(value).__name__.encode())
        for field in fields(value):
            if field.name not in _SKIPPED:
                _feed(digest, getattr(value, field.name))
    else:
        text = repr(value).encode()
        digest.update(b"=%d:" % len(text) + text)
