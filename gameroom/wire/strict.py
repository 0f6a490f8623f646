"""Bytes into plain values, refusing whatever two programs could read differently.

Knows no frames. Plain values are null, booleans, integers within 2^53 - 1, texts without
lone surrogates, lists and maps with text keys, nested at most DEPTH_MAX deep. A repeated
key, NaN, a float (1.0 too), bytes and extension types are refused. Nothing here bounds
the size: the socket and the HTTP body have their caps before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import NoReturn, cast

import msgspec

from gameroom.model import INT_MAX, Value
from gameroom.wire.frames import BadFrameError, bad

DEPTH_MAX = 16

CONTAINERS_MAX = 2304
"""Lists and maps in what one client sends at once: two for each of as many commands as a room
file may allow in a turn, and some."""
FEW = 8

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_PARTS = msgspec.msgpack.Decoder(list[msgspec.Raw])
_MEMBERS = msgspec.msgpack.Decoder(dict[str, msgspec.Raw])
_ANYTHING = msgspec.msgpack.Decoder()


def read_json(data: bytes | str, containers_max: int | None = None) -> Value:
    """One JSON value, of so many lists and maps at most. Raises BadFrameError."""
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        if containers_max is not None:
            _count_json(text, containers_max)
        value = _JSON.decode(text)
    except RecursionError:
        raise bad(f"nested deeper than {DEPTH_MAX}") from None
    except UnicodeDecodeError:
        raise bad("not UTF-8") from None
    except json.JSONDecodeError as error:
        raise bad(f"not JSON: {error.msg} at character {error.pos}") from None
    except ValueError:
        raise bad("not JSON: a number with too many digits") from None
    return _checked(value, 0)


def read_msgpack(data: bytes, containers_max: int | None = None) -> Value:
    """One MessagePack value, of so many lists and maps at most. Raises BadFrameError."""
    try:
        value = _ANYTHING.decode(data)
        if containers_max is not None and len(data) > containers_max:
            _count_value(value, containers_max)
        plain = _checked(value, 0)
        if _holds_map(value):
            _refuse_twins(data, value)
    except RecursionError:
        raise bad(f"nested deeper than {DEPTH_MAX}") from None
    except UnicodeDecodeError:
        raise bad("a text is not UTF-8") from None
    except (msgspec.DecodeError, TypeError, ValueError, OverflowError) as error:
        raise bad(f"not MessagePack: {error}") from None
    return plain


def _checked(value: object, depth: int) -> Value:
    kind = type(value)
    if kind is int:
        assert isinstance(value, int)
        if not -INT_MAX <= value <= INT_MAX:
            raise bad("an integer is not within 2^53 - 1")
        return value
    if isinstance(value, str):
        if not value.isascii():
            _refuse_surrogates(value)
        return value
    if value is None or isinstance(value, bool):
        return value
    if depth >= DEPTH_MAX:
        raise bad(f"nested deeper than {DEPTH_MAX}")
    if isinstance(value, list):
        _check_all(value, depth + 1)
        return value
    if isinstance(value, dict):
        if any(type(key) is not str for key in value):
            raise bad("a key is not a text")
        _check_all(value, depth)
        _check_all(value.values(), depth + 1)
        return value
    raise bad(f"a value of type {kind.__name__} has no place in a frame")


_CONTAINERS = frozenset((list, dict))


def _check_all(values: Collection[object], depth: int) -> None:
    """`_checked` of each. A long list of scalars costs no call of ours for each of them."""
    kinds = set(map(type, values)) if len(values) > FEW else None
    if kinds == {str}:
        texts = cast(Collection[str], values)
        if not "".join(texts).isascii():
            for text in texts:
                _refuse_surrogates(text)
    elif kinds == {int}:
        numbers = cast(Collection[int], values)
        if min(numbers) < -INT_MAX or max(numbers) > INT_MAX:
            raise bad("an integer is not within 2^53 - 1")
    else:
        for one in values:
            _checked(one, depth)


def _count_json(text: str, containers_max: int) -> None:
    """Raises BadFrameError for too many lists and maps, before any of them is made: each costs
    many times its two characters."""
    if len(text) <= 2 * containers_max or _opened(text) <= containers_max:
        return
    # What stands within texts opens nothing.
    if _opened(_TEXT.sub("", text)) > containers_max:
        raise _too_many(containers_max)


def _opened(text: str) -> int:
    return text.count("{") + text.count("[")


def _count_value(value: object, containers_max: int) -> None:
    found, rest = 0, [value] if type(value) in _CONTAINERS else []
    while rest:
        one = rest.pop()
        found += 1
        if found > containers_max:
            raise _too_many(containers_max)
        inner = one.values() if isinstance(one, dict) else cast(list[object], one)
        rest += [each for each in inner if type(each) in _CONTAINERS]


def _too_many(containers_max: int) -> BadFrameError:
    return bad(f"more than {containers_max} lists and maps")


def _refuse_surrogates(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise bad("a text has a lone surrogate") from None


def _holds_map(value: object) -> bool:
    """The hot packets hold none, and need no second look."""
    if isinstance(value, list):
        return any(type(item) in (list, dict) and _holds_map(item) for item in value)
    return isinstance(value, dict)


def _refuse_twins(data: bytes | memoryview, value: object) -> None:
    """A decoded map has fewer members than its header says when a key came twice."""
    if isinstance(value, dict):
        members = _MEMBERS.decode(data)
        if len(members) != _members_announced(data):
            raise bad("a map has the same key twice")
        for key, item in value.items():
            if type(item) in (dict, list):
                _refuse_twins(memoryview(members[key]), item)
    elif isinstance(value, list) and any(type(item) in (dict, list) for item in value):
        for part, item in zip(_PARTS.decode(data), value, strict=True):
            if type(item) in (dict, list):
                _refuse_twins(memoryview(part), item)


def _members_announced(data: bytes | memoryview) -> int:
    """The number of pairs in the header of a map: fixmap, map 16 or map 32."""
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
