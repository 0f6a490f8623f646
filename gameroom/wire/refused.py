"""Reads the id or the generation of a refused frame, so that it can be answered.

The strict reader refuses a float, a repeated key, bytes or deep nesting anywhere in a frame. Its
sender still waits for an answer to its `id` or its packet. So a tolerant reader reads the frame a
second time. It finds no id if the frame is not JSON or MessagePack, or if it contains two ids.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from gameroom.model import INT_MAX

_FIRST_ID = re.compile(r'\s*\{\s*"id"\s*:\s*(0|[1-9][0-9]{0,15})\s*[,}]')
CHARACTERS_MAX = 4096
"""A longer text is not parsed a second time. The id is searched at its beginning only."""
_MEMBERS = msgspec.msgpack.Decoder(dict[object, msgspec.Raw])
_PARTS = msgspec.msgpack.Decoder(list[msgspec.Raw])
_WIDTHS = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}
"""How many bytes follow the first byte of an unsigned integer in MessagePack, by that byte."""

_ID_KEY = b"\xa2id"


def json_id(text: str) -> int | None:
    """Return the `id` of a JSON request; None if it cannot be read."""
    if len(text) > CHARACTERS_MAX:
        return _first_id(text)
    try:
        frame = _JSON.decode(text)
    except RecursionError:  # Nested too deeply for this reader, too.
        return _first_id(text)
    except ValueError:
        return None
    return _id(frame.id) if isinstance(frame, _Object) else None


def _first_id(text: str) -> int | None:
    """Return the id at the beginning of a request, where clients write it."""
    found = _FIRST_ID.match(text)
    return None if found is None else _id(int(found[1]))


def msgpack_id(data: bytes) -> int | None:
    """Return the `id` of a MessagePack request; None if it cannot be read."""
    try:
        members = _MEMBERS.decode(data)
    except RecursionError:
        return _whole_at(data, 4) if data[1:4] == _ID_KEY and data[0] & 0xF0 == 0x80 else None
    except (msgspec.DecodeError, TypeError, ValueError):
        return None
    raw = members.get("id")
    if raw is None or (len(members) != _announced(data) and data.count(_ID_KEY) > 1):
        return None
    return _whole_at(bytes(raw), 0)


def msgpack_generation(data: bytes) -> int | None:
    """Return the generation of a client packet in MessagePack: the first item of the array. None if
    it cannot be read."""
    try:
        parts = _PARTS.decode(data)
    except RecursionError:
        return _whole_at(data, 1) if data[0] & 0xF0 == 0x90 else None
    except (msgspec.DecodeError, TypeError, ValueError):
        return None
    return _whole_at(bytes(parts[0]), 0) if parts else None


class _Object:
    """A JSON object, reduced to its id."""

    __slots__ = ("id",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        ids = [value for key, value in pairs if key == "id"]
        self.id = ids[0] if len(ids) == 1 else None


def _short(digits: str) -> int | None:
    """Convert a number, unless it is far too large to be an id."""
    return int(digits) if len(digits) < 20 else None


_JSON = json.JSONDecoder(object_pairs_hook=_Object, parse_int=_short)


def _id(value: object) -> int | None:
    return value if type(value) is int and 0 <= value <= INT_MAX else None


def _announced(data: bytes) -> int:
    """Return the number of pairs from the header of a MessagePack map."""
    first = data[0]
    if first < 0x90:
        return first & 0x0F
    return int.from_bytes(data[1 : 3 if first == 0xDE else 5], "big")


def _whole_at(data: bytes, at: int) -> int | None:
    """Return the unsigned integer in MessagePack that begins at an offset."""
    if at >= len(data):
        return None
    first = data[at]
    if first < 0x80:
        return first
    width = _WIDTHS.get(first, 0)
    found = data[at + 1 : at + 1 + width]
    return _id(int.from_bytes(found, "big")) if width and len(found) == width else None
