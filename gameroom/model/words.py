"""Writes parts of a room file in the room language: for pictures, traces and errors.

Knows no chart and no comments. Each phrase is on one line, and reading it gives the same value. The
formatter, not this module, preserves a file's layout and comments.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from gameroom.model.expressions import (
    Binary,
    Call,
    Chose,
    Count,
    EnoughPlayers,
    EventField,
    Expression,
    Flag,
    InState,
    Literal,
    Name,
    Negative,
    Not,
    Predicate,
    Quorum,
)
from gameroom.model.room import Act, After, Duration, On, Permission, Transition, Trigger, When

UNITS = ((3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms"))
"""The units of time: size in milliseconds and name, longest first."""
_BINDS = {"or": 1, "and": 2, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6}
_NOT, _COMPARES, _MINUS = 3, 4, 7


def transition(said: Transition) -> str:
    """Return the transition with trigger, guard, actions, target and reason."""
    words = [trigger(said.trigger)]
    if said.guard is not None:
        words.append(f"if {expression(said.guard)}")
    if said.actions:
        words.append("do { " + " ".join(action(act) for act in said.actions) + " }")
    if (target := said.target) is not None:
        kind = "" if target.kind == "external" else f"{target.kind} "
        words.append(f"-> {kind}{target.path}")
    if said.because is not None:
        words.append(f"because {scalar(said.because)}")
    return " ".join(words)


def trigger(said: Trigger) -> str:
    match said:
        case On(event):
            return f"on {event}"
        case When(condition):
            return f"when {expression(condition)}"
        case After(length):
            return f"after {duration(length)}"


def duration(length: Duration) -> str:
    """Return the duration in the longest unit that divides it: `30m`, `250ms`, `600 turns`."""
    if length.unit == "turns":
        return f"{length.amount} turns"
    for size, unit in UNITS:
        if length.amount and length.amount % size == 0:
            return f"{length.amount // size}{unit}"
    return "0ms"


def milliseconds(said: str) -> int | None:
    """Return `30m` or `250ms` as a number; None for anything that is not a duration."""
    digits = said.rstrip("msh")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 16:
        return None
    sizes = [size for size, unit in UNITS if unit == said[len(digits) :]]
    return int(digits) * sizes[0] if sizes else None


def action(act: Act) -> str:
    match act.verb:
        case "set":
            assert act.value is not None
            return f"set {act.name} = {expression(act.value)}"
        case "announce":
            return f"announce {scalar(act.name)}"
        case verb:
            return f"{verb} {act.name}"


def permission(said: Permission) -> str:
    return f"{said.effect} {', '.join(said.names)} from {', '.join(said.who)}"


def expression(said: Expression, binds: int = 0) -> str:
    """Return the expression. binds: the precedence of the surrounding operator; an expression with
    a lower precedence gets parentheses."""
    match said:
        case Literal(value):
            return scalar(value)
        case Name(name):
            return name
        case EventField(name):
            return f"event.{name}"
        case Not(operand):
            return _within(f"not {expression(operand, _NOT)}", _NOT, binds)
        case Negative(operand):
            return _within(f"-{expression(operand, _MINUS)}", _MINUS, binds)
        case Binary(op, left, right):
            own = _BINDS.get(op, _COMPARES)
            # Comparisons cannot be chained, so a comparison on either side needs parentheses.
            first = expression(left, own + (own == _COMPARES))
            second = expression(right, own + 1)
            if op == "%" and second.startswith("of") and first[-1].isdigit():
                second = f"({second})"  # `60 % of` would be read as a percentage.
            return _within(f"{first} {op} {second}", own, binds)
        case Call(name, arguments):
            return f"{name}({', '.join(map(expression, arguments))})"
        case InState(path):
            return f"in({path})"
        case Quorum():
            return _quorum(said)
        case Count(who, wanted):
            return f"count {who} {predicate(wanted)}"
        case EnoughPlayers():
            return "enough players"


def predicate(wanted: Predicate) -> str:
    match wanted:
        case Flag(flag):
            return flag
        case Chose(choice, None):
            return f"chose {scalar(choice)}"
        case Chose(choice, request):
            return f"chose {request} {scalar(choice)}"


def listed(names: Iterable[str], joined: str = "and") -> str:
    """Return the names as `a`, `b` and `c`."""
    *first, last = [f"`{name}`" for name in names]
    return f"{', '.join(first)} {joined} {last}" if first else last


def scalar(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _within(text: str, own: int, binds: int) -> str:
    return f"({text})" if own < binds else text


def _quorum(said: Quorum) -> str:
    about = f"{said.who} {predicate(said.predicate)}"
    match said.kind:
        case "majority":
            return f"majority of {about}"
        case "count":
            return f"{said.amount} of {about}"
        case "percent":
            return f"{said.amount}% of {about}"
        case word:
            return f"{word} {about}"
