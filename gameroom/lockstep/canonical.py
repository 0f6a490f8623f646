"""The canonical bytes of a plain value, and their 32-bit hash.

The twin of `canonical`, `hash32` and `checksum` in web/kit.js: a value that is sent, hashed or
stored in a snapshot has the same bytes in Python and in JavaScript (tests/vectors/kit.json).
Floats have no canonical form, on purpose: they can differ between machines.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from gameroom.model import INT_MAX

DEPTH_MAX = 64

_WORD = 0xFFFFFFFF


class NotCanonicalError(TypeError):
    """The value has no canonical form. The text names the place in the value."""


def _text(value: str, where: str) -> str:
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise NotCanonicalError(f"{where}: the string has a lone surrogate")
    return json.dumps(value, ensure_ascii=False)


def _plain(value: object, where: str, depth: int) -> str:
    if depth > DEPTH_MAX:
        raise NotCanonicalError(f"{where}: nested deeper than {DEPTH_MAX} levels")
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            if not -INT_MAX <= value <= INT_MAX:
                raise NotCanonicalError(f"{where}: {value} is outside -(2^53 - 1) to 2^53 - 1")
            return str(value)
        case str():
            return _text(value, where)
        case list() | tuple():
            items = (_plain(item, f"{where}[{i}]", depth + 1) for i, item in enumerate(value))
            return "[" + ",".join(items) + "]"
        case Mapping():
            return "{" + ",".join(_members(value, where, depth)) + "}"
    raise NotCanonicalError(f"{where}: {type(value).__name__} has no canonical form")


def _members(value: Mapping[object, object], where: str, depth: int) -> Iterable[str]:
    for key in value:
        if not isinstance(key, str):
            raise NotCanonicalError(f"{where}: the key {key!r} is not a string")
    for key, item in sorted(value.items(), key=lambda pair: str(pair[0])):
        yield f"{_text(str(key), where)}:{_plain(item, f'{where}.{key}', depth + 1)}"


def canonical(value: object) -> bytes:
    """Return the value as JSON in UTF-8, without spaces and with keys in code point order. Equal
    values have equal bytes.

    Accepts None, bools, ints from -(2^53 - 1) to 2^53 - 1, strings, lists, tuples and maps, up to
    DEPTH_MAX levels deep. Raises NotCanonicalError for anything else.
    """
    return _plain(value, "value", 0).encode()


def _rotated(word: int, by: int) -> int:
    return ((word << by) | (word >> (32 - by))) & _WORD


def _mixed(word: int) -> int:
    return (_rotated((word * 0xCC9E2D51) & _WORD, 15) * 0x1B873593) & _WORD


def hash32(data: bytes | Sequence[int], seed: int = 0) -> int:
    """Return the MurmurHash3 x86 32 (Austin Appleby) of the data, a uint32.

    data: bytes, or integers from -2^31 to 2^32 - 1, each of which is hashed as four bytes in
    little-endian order. Raises ValueError for other integers.
    seed: 0, or the hash of the previous part if you hash several parts.
    """
    if not isinstance(data, bytes):
        for index, n in enumerate(data):
            if not -(2**31) <= n <= _WORD:
                raise ValueError(f"hash32: item {index} is {n}, not from -2^31 to 2^32 - 1")
        data = b"".join((n & _WORD).to_bytes(4, "little") for n in data)
    h = seed & _WORD
    whole = len(data) & ~3
    for i in range(0, whole, 4):
        h = _rotated(h ^ _mixed(int.from_bytes(data[i : i + 4], "little")), 13)
        h = (h * 5 + 0xE6546B64) & _WORD
    if whole < len(data):
        h ^= _mixed(int.from_bytes(data[whole:], "little"))
    h ^= len(data)
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & _WORD
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & _WORD
    return h ^ (h >> 16)


def checksum(value: object) -> int:
    """Return the hash of a plain value's canonical bytes. Raises NotCanonicalError."""
    return hash32(canonical(value))
