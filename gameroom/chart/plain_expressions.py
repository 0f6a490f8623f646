"""Expressions from plain Python values. Every mistake is a ValueError with the path into the value.

| value | meaning |
|---|---|
| `3`, `True` | itself |
| `"rounds"` | a variable, a setting or a counter |
| `["text", "drop"]` | a string |
| `["event", "winner"]` | a field of the event |
| `["call", "max", x, y]` | a function of numbers |
| `["in", "a.b"]` | whether that state is active |
| `["not", x]`, `["-", x]` | |
| `["and", x, y, ...]`, `["or", x, y, ...]` | |
| `["<", x, y]` and `<= > >= == != + - * / %` | |
| `["all", who, so]`, `any`, `no`, `majority` | a quorum; `so` is a flag or `["chose", choice]` |
| `["of", 2, who, so]`, `["percent", 60, who, so]` | a quorum by number |
| `["count", who, so]` | a number of people |
| `["enough players"]` | |
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Literal, NoReturn, cast

from gameroom import model
from gameroom.model import INT_MAX, Span
from gameroom.model.builtin import FLAGS

DEPTH_MAX = 64
"""How many levels deep expressions can be nested, and how many parts a list can have."""


def at(where: str) -> Span:
    """Return a span with the path into the value instead of a file name."""
    return Span(where, 0, 0, 0, 0)


def fail(where: str, problem: str) -> NoReturn:
    raise ValueError(f"{where or 'the room'}: {problem}")


def listed(value: object, where: str) -> list[object]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        fail(where, "expected a list")
    return list(value)


def texts(value: object, where: str) -> tuple[str, ...]:
    parts = listed(value, where)
    if not all(isinstance(part, str) for part in parts):
        fail(where, "expected a list of strings")
    return tuple(cast("list[str]", parts))


def whole(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        fail(where, "expected an integer")
    if abs(value) > INT_MAX:
        fail(where, f"{value} is outside -(2^53 - 1) to 2^53 - 1")
    return value


def expression(value: object, where: str, depth: int = 0) -> model.Expression:
    """Read an expression. where: the path into the value, with which errors begin."""
    span = at(where)
    if isinstance(value, int):
        return model.Literal(value, span)
    if isinstance(value, str):
        return model.Name(value, span)
    if depth > DEPTH_MAX:
        fail(where, f"expressions are nested more than {DEPTH_MAX} levels deep")
    parts = listed(value, where)
    people = _people(parts, where)
    if people is not None:
        return people
    match parts:
        case ["text", str(text)]:
            return model.Literal(text, span)
        case ["event", str(name)]:
            return model.EventField(name, span)
        case ["call", str(name), *_]:
            arguments = _operands(parts, 2, where, depth)
            return model.Call(name, arguments, span)
        case ["in", str(path)]:
            return model.InState(path, span)
        case ["enough players"]:
            return model.EnoughPlayers(span)
        case ["not", operand]:
            return model.Not(expression(operand, f"{where}[1]", depth + 1), span)
        case ["-", operand]:
            return model.Negative(expression(operand, f"{where}[1]", depth + 1), span)
    return _operation(parts, where, depth)


def _operation(parts: Sequence[object], where: str, depth: int) -> model.Expression:
    sides = _operands(parts, 1, where, depth)
    match parts:
        case ["and" | "or" as op, _, _, *_]:
            return reduce(lambda left, right: model.Binary(op, left, right, at(where)), sides)
        case [
            "<" | "<=" | ">" | ">=" | "==" | "!=" | "+" | "-" | "*" | "/" | "%" as op,
            _,
            _,
        ]:
            return model.Binary(op, sides[0], sides[1], at(where))
    return fail(where, "this is not an expression")


def _operands(
    parts: Sequence[object], start: int, where: str, depth: int
) -> tuple[model.Expression, ...]:
    if len(parts) > DEPTH_MAX:
        fail(where, f"more than {DEPTH_MAX} parts")
    return tuple(
        expression(part, f"{where}[{index}]", depth + 1)
        for index, part in enumerate(parts[start:], start)
    )


def _people(parts: Sequence[object], where: str) -> model.Expression | None:
    match parts:
        case ["all" | "any" | "no" | "majority" as kind, str(who), so]:
            return model.Quorum(kind, who, _predicate(so, f"{where}[2]"), span=at(where))
        case ["of" | "percent" as word, amount, str(who), so]:
            number, so = whole(amount, f"{where}[1]"), _predicate(so, f"{where}[3]")
            by_number: Literal["count", "percent"] = "count" if word == "of" else "percent"
            return model.Quorum(by_number, who, so, number, at(where))
        case ["count", str(who), so]:
            return model.Count(who, _predicate(so, f"{where}[2]"), at(where))
    return None


def _predicate(value: object, where: str) -> model.Predicate:
    match value:
        case str(flag) if flag in FLAGS:
            return model.Flag(flag, at(where))
        case ["chose", str(choice)]:
            return model.Chose(choice, span=at(where))
        case ["chose", str(request), str(choice)]:
            return model.Chose(choice, request, at(where))
    flags = ", ".join(sorted(FLAGS))
    return fail(where, f'expected one of {flags} or ["chose", choice]')
