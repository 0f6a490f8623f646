"""Which values to try: those that a condition names, their neighbours, and one other.

Knows types and expressions; no chart and no people. If these values do not represent all others,
`exact` is false, and the report must say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from gameroom.model import (
    Binary,
    BoolType,
    ChoiceType,
    EventField,
    Expression,
    Field,
    IntType,
    Literal,
    Name,
    RoomFile,
    StringType,
    Type,
    Value,
)
from gameroom.model.expressions import parts

ALL_MAX = 10
"""A type with up to this many values is tried completely, such as `int 0..9`."""

BODIES_MAX = 64
"""How many bodies are tried for one event."""

_ORDER = ("<", "<=", ">", ">=")
"""Comparisons of size. If the other side is unknown, the two ends of the range represent all
values."""


@dataclass(frozen=True, slots=True)
class Tried:
    """The values to try, simplest first. exact: whether they represent all values."""

    values: tuple[Value, ...]
    exact: bool


def tried(
    type_: Type, read: Expression, asked: Iterable[Expression], *, few: bool = False
) -> Tried:
    """Return the values to try for a field or a setting.

    read: the expression by which conditions read it. asked: the conditions, and all expressions
    that are assigned. few: whether the lowest values of a number represent all that are only
    compared in size.
    """
    compared: list[Value] = []
    exact = True
    for whole in asked:
        uses = sum(part == read for part in parts(whole))
        others = [
            (part.op, other)
            for part in parts(whole)
            if isinstance(part, Binary) and part.op in (*_ORDER, "==", "!=")
            for one, other in ((part.left, part.right), (part.right, part.left))
            if one == read
        ]
        named = [other.value for _, other in others if isinstance(other, Literal)]
        compared += named
        ordered = sum(op in _ORDER and not isinstance(other, Literal) for op, other in others)
        exact = exact and uses == len(named) + ordered
    if few and isinstance(type_, IntType) and exact:
        return _few(type_, compared)
    return _values(type_, compared, exact)


def settings(room: RoomFile, names: Iterable[str], asked: Sequence[Expression]) -> dict[str, Tried]:
    """Return the values to try, by setting. Settings that are not in `names` change nothing. For a
    large number that is only compared in size with a variable, the two lowest values are tried:
    counting up to a higher one has the same steps, only more of them."""
    wanted = set(names)
    found: dict[str, Tried] = {}
    for setting in room.settings:
        if setting.name not in wanted:
            continue
        read = Name(setting.name)
        asks = [each for each in asked if read in parts(each)]
        found[setting.name] = tried(setting.type, read, asks, few=True)
    return found


def _few(type_: IntType, compared: Sequence[Value]) -> Tried:
    whole = [number for number in compared if type(number) is int]
    near = {type_.low, type_.low + 1, *(number + step for number in whole for step in (-1, 0, 1))}
    return Tried(tuple(sorted(each for each in near if type_.low <= each <= type_.high)), True)


def _values(type_: Type, compared: Sequence[Value], exact: bool) -> Tried:
    match type_:
        case BoolType():
            return Tried((False, True), True)
        case IntType(low, high) if high - low < ALL_MAX:
            return Tried(tuple(range(low, high + 1)), True)
        case IntType(low, high):
            whole = [number for number in compared if type(number) is int]
            near = {low, high, *(number + step for number in whole for step in (-1, 0, 1))}
            return Tried(tuple(sorted(each for each in near if low <= each <= high)), exact)
        case ChoiceType(choices) if len(choices) <= ALL_MAX or not exact:
            return Tried(choices[:ALL_MAX], len(choices) <= ALL_MAX)
        case ChoiceType(choices):
            other = next((choice for choice in choices if choice not in compared), None)
            named = [choice for choice in choices if choice in compared]
            return Tried((*named, *([] if other is None else [other])), True)
        case StringType(low, high):
            texts = [text for text in compared if isinstance(text, str)]
            fitting = [text for text in texts if low <= len(text) <= high]
            other = next(
                (text for size in range(low, high + 1) if (text := "x" * size) not in texts),
                "x" * low,
            )
            return Tried(tuple(dict.fromkeys([*fitting, other])), exact)
        case _:
            return Tried((), False)


@dataclass(frozen=True, slots=True)
class Bodies:
    """The bodies to try for one event, with the fields that are ever read."""

    bodies: tuple[tuple[tuple[str, Value], ...], ...]
    exact: bool


def bodies(fields: Sequence[Field], asked: Sequence[Expression], votes: Iterable[str]) -> Bodies:
    """Return the bodies to try. asked: the conditions and assignments of the event's transitions.
    votes: the choices of this request that quorums mention."""
    wanted: list[list[tuple[str, Value]]] = []
    exact = True
    known = list(votes)
    for field in fields:
        read = EventField(field.name)
        asks = [each for each in asked if read in parts(each)]
        if field.name == "choice" and known and isinstance(field.type, ChoiceType):
            other = [c for c in field.type.choices if c not in known and not asks][:1]
            values: tuple[Value, ...] = tuple(field.type.choices) if asks else (*known, *other)
            wanted.append([(field.name, value) for value in values])
        elif asks:
            found = tried(field.type, read, asks)
            wanted.append([(field.name, value) for value in found.values])
            exact = exact and found.exact
    made = list(product(*wanted)) if all(wanted) else [()]
    return Bodies(tuple(made[:BODIES_MAX]), exact and len(made) <= BODIES_MAX and all(wanted))
