"""What can still be read of a frame whose values are refused: whom to answer.

The strict reader refuses a float, a key that comes twice, bytes or deep nesting wherever
they stand. Its sender still waits for an answer to its `id`, or to its packet. So the
frame is read a second time, without opinions; what is not JSON or MessagePack at all, or
gives two ids, has none.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from gameroom.model import INT_MAX

_FIRST_ID = re.compile(r'\s*\{\s*"id"\s*:\s*(0|[1-9][0-9]{0,15})\s*[,}]')
CHARACTERS_MAX = 4096
"""A longer text is not read a second time: of that only the beginning is looked at."""
_MEMBERS = msgspec.msgpack.Decoder(dict[object, msgspec.Raw])
_PARTS = msgspec.msgpack.Decoder(list[msgspec.Raw])
_WIDTHS = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}
"""The bytes of unsigned integers in MessagePack, by their first byte."""

_ID_KEY = b"\xa2id"


def json_id(text: str) -> int | None:
    """The `id` of a JSON request."""
    if len(text) > CHARACTERS_MAX:
        return _first_id(text)
    try:
        frame = _JSON.decode(text)
    except RecursionError:  # Too deep even for this reader.
        return _first_id(text)
    except ValueError:
        return None
    return _id(frame.id) if isinstance(frame, _Object) else None


def _first_id(text: str) -> int | None:
    """Clients write the id first."""
    found = _FIRST_ID.match(text)
    return None if found is None else _id(int(found[1]))


def msgpack_id(data: bytes) -> int | None:
    """The `id` of a MessagePack request."""
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
    """The generation of a client packet as an array: its first part."""
    try:
        parts = _PARTS.decode(data)
    except RecursionError:
        return _whole_at(data, 1) if data[0] & 0xF0 == 0x90 else None
    except (msgspec.DecodeError, TypeError, ValueError):
        return None
    return _whole_at(bytes(parts[0]), 0) if parts else None


class _Object:
    """A JSON object of which only the id is kept."""

    __slots__ = ("id",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        ids = [value for key, value in pairs if key == "id"]
        self.id = ids[0] if len(ids) == 1 else None


def _short(digits: str) -> int | None:
    """Numbers beyond every range need not be computed."""
    return int(digits) if len(digits) < 20 else None


_JSON = json.JSONDecoder(object_pairs_hook=_Object, parse_int=_short)


def _id(value: object) -> int | None:
    return value if type(value) is int and 0 <= value <= INT_MAX else None


def _announced(data: bytes) -> int:
    """The number of pairs in the header of a map."""
    first = data[0]
    if first < 0x90:
        return first & 0x0F
    return int.from_bytes(data[1 : 3 if first == 0xDE else 5], "big")


def _whole_at(data: bytes, at: int) -> int | None:
    """The unsigned integer of MessagePack that begins there."""
    if at >= len(data):
        return None
    first = data[at]
    if first < 0x80:
        return first
    width = _WIDTHS.get(first, 0)
    found = data[at + 1 : at + 1 + width]
    return _id(int.from_bytes(found, "big")) if width and len(found) == width else None
