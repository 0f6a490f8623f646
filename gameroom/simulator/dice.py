"""All random decisions of a run: one generator per purpose, and random values that fit a type.

The seed of a generator is the seed of the run and a name, so that the numbers of one bot do not
affect those of others. It is the generator of the engines, with the same numbers in every release
of Python.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gameroom.lockstep.canonical import hash32
from gameroom.lockstep.random import Random
from gameroom.model import BoolType, ChoiceType, Field, IntType, ListType, StringType, Type, Value

ITEMS_MAX = 4
"""Lists and strings are at most this much longer than their minimum: large ones would test only the
wire format."""


def die(seed: int, name: str) -> Random:
    return Random(seed * 2**20 % 2**52 + hash32(name.encode(), seed & 0xFFFFFFFF))


def around(dice: Random, mean: int) -> int:
    """A random time with about this average, at least 1."""
    return 1 + dice.below(2 * mean)


def body(fields: Sequence[Field], dice: Random) -> dict[str, Value]:
    """A random body that fits the fields."""
    return {field.name: value(field.type, dice) for field in fields}


def value(type_: Type, dice: Random) -> Value:
    match type_:
        case IntType(low, high):
            if dice.below(4) == 0:
                return dice.pick((low, high))
            return low + dice.below(min(high - low, 2**31) + 1)
        case StringType(low, high):
            size = low + dice.below(min(high - low, ITEMS_MAX) + 1)
            return "".join(dice.pick("abcäß語🏹 ") for _ in range(size))
        case BoolType():
            return dice.below(2) == 1
        case ChoiceType(choices):
            return dice.pick(choices)
        case ListType(item, low, high):
            size = low + dice.below(min(high - low, ITEMS_MAX) + 1)
            return [value(item, dice) for _ in range(size)]


def spoiled(fields: Sequence[Field], dice: Random) -> Mapping[str, Value] | None:
    """A body that does not fit the fields, or None if every whole number would fit."""
    for field in fields:
        if isinstance(field.type, IntType) and field.type.high < 2**50:
            return {**body(fields, dice), field.name: field.type.high + 1}
    return None
