"""Stored bytes, altered as a fault, a later release or a stranger might alter them."""

from __future__ import annotations

import json
from copy import deepcopy
from random import Random
from typing import Any

import msgspec

STRANGE: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2,
    7,
    2**31,
    2**53,
    -(2**53),
    2**63,
    2**64 - 1,
    1.5,
    "",
    "x",
    "wait",
    "é\u0000\u2028",
    "a" * 5_000,
    [],
    {},
    [[]],
    {"": {}},
    [1, "x", None],
    {"name": "x", "more": [0]},
)
"""Values of every kind, some of them at the edges of what readers accept."""

HUGE = (10**400, -(10**60))
"""Only JSON can say these."""


RUBBISH = (b"", b"\xff\xfe", b"null", b"[" * 50_000, b'{"a":' * 50_000, b"\x91" * 9_000)
"""No value at all, or one without end."""


def deep(levels: int) -> Any:
    made: Any = 0
    for _ in range(levels):
        made = [made]
    return made


def altered(data: bytes, dice: Random) -> bytes:
    """The bytes, altered once or a few times: as bytes, or by value where they are JSON or
    MessagePack."""
    way = dice.randrange(8)
    if way == 0:
        return data[: dice.randrange(len(data) + 1)]
    if way == 1:
        return flipped(data, dice)
    if way == 2:
        return data + bytes(dice.randrange(256) for _ in range(dice.randrange(1, 9)))
    if way == 3:
        return dice.choice(
            (b"", b"\xff\xfe", b"null", b"[" * 50_000, b'{"a":' * 50_000, b"\x91" * 9_000)
        )
    try:
        value = json.loads(data)
    except ValueError:
        return _altered_msgpack(data, dice)
    strange = (*STRANGE, *HUGE, deep(40), deep(400))
    text = json.dumps(changed(value, dice, strange))
    if dice.random() < 0.1:
        text = text.replace('"', '"\\ud800', 1)
    return text.encode()


def _altered_msgpack(data: bytes, dice: Random) -> bytes:
    try:
        value = msgspec.msgpack.decode(data)
    except (msgspec.DecodeError, ValueError):
        return flipped(data, dice)
    try:
        return msgspec.msgpack.encode(changed(value, dice, (*STRANGE, deep(40), deep(400))))
    except OverflowError:
        return flipped(data, dice)


def flipped(data: bytes, dice: Random) -> bytes:
    """Some bits of the bytes are others."""
    made = bytearray(data)
    for _ in range(dice.randrange(1, 5) if made else 0):
        made[dice.randrange(len(made))] ^= 1 << dice.randrange(8)
    return bytes(made)


def changed(value: Any, dice: Random, strange: tuple[Any, ...]) -> Any:
    """The value with one to three of its parts replaced, removed, doubled or added."""
    made = json.loads(json.dumps(value))
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        places = list(_places(made))
        if not places:
            return deepcopy(dice.choice(strange))
        holder, key = dice.choice(places)
        way = dice.randrange(6)
        if way == 0:
            del holder[key]
        elif way == 1 and isinstance(holder, dict):
            holder[dice.choice(("more", "format", "0", "x" * 300))] = deepcopy(dice.choice(strange))
        elif way == 1:
            holder.insert(key, holder[key])
        elif way == 2:
            # Right by itself, and in the wrong place.
            other, name = dice.choice(places)
            if isinstance(other, list) or name in other:
                holder[key] = json.loads(json.dumps(other[name])) if _has(other, name) else None
        elif way == 3 and type(holder[key]) is int:
            holder[key] += dice.choice((-1, 1, 2**40, -(2**40)))
        else:
            holder[key] = deepcopy(dice.choice(strange))
    return made


def _has(holder: Any, key: Any) -> bool:
    return key in holder if isinstance(holder, dict) else key < len(holder)


def _places(value: Any) -> Any:
    """Every (holder, key) inside."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    if not isinstance(value, dict | list):
        return
    for key, part in list(inside):
        yield value, key
        if isinstance(part, dict | list):
            yield from _places(part)
