"""Decodes bytes to plain values. Refuses anything that two programs could read differently.

Knows no frames. Plain values are null, booleans, integers from -(2^53 - 1) to 2^53 - 1, strings
without lone surrogates, lists, and maps with string keys, nested at most DEPTH_MAX levels deep.
Repeated keys, NaN, floats (also 1.0), bytes and extension types are refused. The size in bytes is
not limited here: the socket and the HTTP server have already done that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from typing import NoReturn, cast

import msgspec

from gameroom.model import INT_MAX, Value
from gameroom.wire.frames import bad

DEPTH_MAX = 16

CONTAINERS_MAX = 2304
"""How many lists and maps a client can send at once: two for each of the most commands that a room
file can allow in a turn, and a few more."""
VALUES_MAX = 16_384
"""How many values a client can send at once: the longest list that a room file can allow, and a few
more. Each value takes time to read, and it can be a single byte in MessagePack."""

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_PARTS = msgspec.msgpack.Decoder(list[msgspec.Raw])
_MEMBERS = msgspec.msgpack.Decoder(dict[str, msgspec.Raw])
_ANYTHING = msgspec.msgpack.Decoder()


def read_json(data: bytes | str, containers_max: int | None = None) -> Value:
    """Decode one JSON value. Raises BadFrameError.

    containers_max: the most lists and maps; then the value can also have at most VALUES_MAX values.
    None for no limits.
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        if containers_max is not None:
            _count_json(text, containers_max)
        value = _JSON.decode(text)
    except RecursionError:
        raise bad(f"nested deeper than {DEPTH_MAX} levels") from None
    except UnicodeDecodeError:
        raise bad("not valid UTF-8") from None
    except json.JSONDecodeError as error:
        raise bad(f"not JSON: {error.msg} at character {error.pos}") from None
    except ValueError:
        raise bad("not JSON: a number with too many digits") from None
    return _checked(value, 0)


def read_msgpack(data: bytes, containers_max: int | None = None) -> Value:
    """Decode one MessagePack value. Raises BadFrameError.

    containers_max: as in `read_json`.
    """
    try:
        value = _ANYTHING.decode(data)
        if containers_max is not None and len(data) > containers_max:
            _count_value(value, containers_max)
        plain = _checked(value, 0)
        if _holds_map(value):
            _refuse_twins(data, value)
    except RecursionError:
        raise bad(f"nested deeper than {DEPTH_MAX} levels") from None
    except UnicodeDecodeError:
        raise bad("a string is not valid UTF-8") from None
    except (msgspec.DecodeError, TypeError, ValueError, OverflowError) as error:
        raise bad(f"not MessagePack: {error}") from None
    return plain


def _checked(value: object, depth: int) -> Value:
    kind = type(value)
    if kind is int:
        assert isinstance(value, int)
        if not -INT_MAX <= value <= INT_MAX:
            raise bad("an integer is outside -(2^53 - 1) to 2^53 - 1")
        return value
    if isinstance(value, str):
        if not value.isascii():
            _refuse_surrogates(value)
        return value
    if value is None or isinstance(value, bool):
        return value
    if depth >= DEPTH_MAX:
        raise bad(f"nested deeper than {DEPTH_MAX} levels")
    if isinstance(value, list):
        _check_all(value, depth + 1)
        return value
    if isinstance(value, dict):
        if not {str}.issuperset(map(type, value)):
            raise bad("a key is not a string")
        _check_all(value, depth)
        _check_all(value.values(), depth + 1)
        return value
    raise bad(f"a frame cannot contain a value of type {kind.__name__}")


_CONTAINERS = frozenset((list, dict))


def _check_all(values: Iterable[object], depth: int) -> None:
    """`_checked` for all values, without a call for each scalar, because lists can be long."""
    odd: list[str] = []
    for one in values:
        kind = type(one)
        if kind is int:
            if not -INT_MAX <= cast(int, one) <= INT_MAX:
                raise bad("an integer is outside -(2^53 - 1) to 2^53 - 1")
        elif kind is not str:
            _checked(one, depth)
        elif not cast(str, one).isascii():
            odd.append(cast(str, one))
    if odd:
        _refuse_surrogates("".join(odd))


def _count_json(text: str, containers_max: int) -> None:
    """Raise BadFrameError for too many values or too many lists and maps. This happens before they
    are created, because each takes much more memory than its two characters."""
    if len(text) <= 2 * containers_max or not _excess(text, containers_max):
        return
    # Brackets and commas inside strings do not count.
    if excess := _excess(_TEXT.sub("", text), containers_max):
        raise bad(excess)


def _excess(text: str, containers_max: int) -> str | None:
    """Return which limit the JSON text exceeds if it contains no strings; None if it exceeds
    none."""
    opened = text.count("{") + text.count("[")
    if opened > containers_max:
        return _too_many(containers_max)
    # The first value of a list or map has no comma before it.
    return TOO_MANY_VALUES if opened + text.count(",") > VALUES_MAX else None


def _count_value(value: object, containers_max: int) -> None:
    """As `_count_json`, but for a decoded value: decoding MessagePack is cheap compared with
    checking each value."""
    found, values, rest = 0, 0, [value] if type(value) in _CONTAINERS else []
    while rest:
        one = cast(Collection[object], rest.pop())
        found += 1
        values += len(one)
        if found > containers_max:
            raise bad(_too_many(containers_max))
        if values > VALUES_MAX:
            raise bad(TOO_MANY_VALUES)
        inner = one.values() if isinstance(one, dict) else one
        rest += [each for each in inner if type(each) in _CONTAINERS]


TOO_MANY_VALUES = f"more than {VALUES_MAX} values"


def _too_many(containers_max: int) -> str:
    return f"more than {containers_max} lists and maps"


def _refuse_surrogates(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise bad("a string has a lone surrogate") from None


def _holds_map(value: object) -> bool:
    """Whether the value contains a map. Packets contain none and need no check for repeated
    keys."""
    if isinstance(value, list):
        return not _CONTAINERS.isdisjoint(map(type, value)) and any(
            _holds_map(item) for item in value if type(item) in _CONTAINERS
        )
    return isinstance(value, dict)


def _refuse_twins(data: bytes | memoryview, value: object) -> None:
    """Raise BadFrameError if a key is repeated: then a decoded map has fewer members than its
    header announced."""
    if isinstance(value, dict):
        if len(value) != _members_announced(data):
            raise bad("a map has the same key twice")
        if not _CONTAINERS.isdisjoint(map(type, value.values())):
            members = _MEMBERS.decode(data)
            for key, item in value.items():
                if type(item) in _CONTAINERS:
                    _refuse_twins(memoryview(members[key]), item)
    elif isinstance(value, list) and not _CONTAINERS.isdisjoint(map(type, value)):
        for part, item in zip(_PARTS.decode(data), value, strict=True):
            if type(item) in _CONTAINERS:
                _refuse_twins(memoryview(part), item)


def _members_announced(data: bytes | memoryview) -> int:
    """Return the number of pairs from the header of a map: fixmap, map 16 or map 32."""
    first = data[0]
    if first < 0x90:
        return first & 0x0F
    return int.from_bytes(data[1 : 3 if first == 0xDE else 5], "big")


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise bad("a map has the same key twice")
    return made


def _no_float(text: str) -> NoReturn:
    raise bad(f"{text[:20]} is not an integer")


_JSON = json.JSONDecoder(object_pairs_hook=_pairs, parse_float=_no_float, parse_constant=_no_float)
