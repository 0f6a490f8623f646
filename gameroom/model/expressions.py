"""Expressions: integers, strings and booleans, without loops. Their functions are in `functions`.

Expressions can count people. `who` is `player`, `spectator`, `anyone`, `present` (seated, connected
and not missing), a role or a team. The denominator of a quorum is the connected people of that kind
when the expression is evaluated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal as OneOf

from gameroom.model.span import NOWHERE, Span
from gameroom.model.types import Scalar


@dataclass(frozen=True, slots=True)
class Literal:
    """`3`, `"drop"`, `true`."""

    value: Scalar
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, a setting, or a counter: `players`, `spectators`, `players_min`,
    `players_max`, `generation`."""

    name: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class EventField:
    """`event.winner`: a field of the current event."""

    name: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    operand: Expression
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Negative:
    """`-a`"""

    operand: Expression
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """`a + b`, `a and b`, and so on. `/` and `%` round towards minus infinity, as in Python.
    Division by zero raises an `error` event."""

    op: OneOf["and", "or", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%"]
    left: Expression
    right: Expression
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """`max(rounds, 3)`: one of `functions.FUNCTIONS`."""

    name: str
    arguments: tuple[Expression, ...]
    span: Span = field(default=NOWHERE, compare=False)
    name_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class InState:
    """`in(running.paused)`. The path is resolved like a target."""

    path: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag of a person: one of `builtin.FLAGS`."""

    flag: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Chose:
    """`chose "drop"`, or `chose vote "drop"` if several requests offer that choice. True if the
    `choice` in the person's last accepted request had this value, since the state that allows the
    request was entered."""

    choice: str
    request: str | None = None
    span: Span = field(default=NOWHERE, compare=False)
    request_span: Span = field(default=NOWHERE, compare=False)


Predicate = Flag | Chose


@dataclass(frozen=True, slots=True)
class Quorum:
    """`all player ready`, `any player missing`, `no player missing`,
    `majority of player chose "drop"`, `2 of player ready`, `60% of player ready`.

    amount: the count or the percentage; 0 for the words. A percentage rounds up. If there are no
    people of that kind, `all`, `majority` and `%` are false and `no` is true.
    """

    kind: OneOf["all", "any", "no", "majority", "count", "percent"]
    who: str
    predicate: Predicate
    amount: int = 0
    span: Span = field(default=NOWHERE, compare=False)
    who_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Count:
    """`count player ready`: how many connected people of that kind satisfy the predicate."""

    who: str
    predicate: Predicate
    span: Span = field(default=NOWHERE, compare=False)
    who_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class EnoughPlayers:
    """`enough players`: the room and every team have their minimum of players."""

    span: Span = field(default=NOWHERE, compare=False)


Expression = (
    Literal
    | Name
    | EventField
    | Not
    | Negative
    | Binary
    | Call
    | InState
    | Quorum
    | Count
    | EnoughPlayers
)


def operands(said: Expression) -> tuple[Expression, ...]:
    """Return the operands of an expression, from left to right."""
    match said:
        case Not(operand) | Negative(operand):
            return (operand,)
        case Binary(_, left, right):
            return left, right
        case Call(_, arguments):
            return arguments
        case Literal() | Name() | EventField() | InState() | Quorum() | Count() | EnoughPlayers():
            return ()


def parts(said: Expression | None) -> Iterator[Expression]:
    """Yield an expression and all expressions inside it, from left to right."""
    if said is not None:
        yield said
        for operand in operands(said):
            yield from parts(operand)
