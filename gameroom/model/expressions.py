"""Expressions: total, integer, without loops; their functions are those of `functions`.

People are asked about in words. `who` is `player`, `spectator`, `anyone`, `present`
(seated, connected and not missing), a role or a team. The denominator of a quorum is
the connected people of that kind at the moment of asking.
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
    """`event.winner`: a field of the event that is being handled."""

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
    """`/` and `%` round towards minus infinity, as in Python; by zero is an error event."""

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
    """`in(running.paused)`: the path is resolved like a target."""

    path: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Flag:
    """What the server knows of a person: one of `builtin.FLAGS`."""

    flag: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Chose:
    """`chose "drop"`, or `chose vote "drop"` where several requests offer that choice:
    the person's last accepted request with a field `choice` had this value, since the
    state that allows the request was entered."""

    choice: str
    request: str | None = None
    span: Span = field(default=NOWHERE, compare=False)
    request_span: Span = field(default=NOWHERE, compare=False)


Predicate = Flag | Chose


@dataclass(frozen=True, slots=True)
class Quorum:
    """`all player ready`, `any player missing`, `no player missing`,
    `majority of player chose "drop"`, `2 of player ready`, `60% of player ready`.

    `amount` is the count or the percentage, 0 for the words. A percentage rounds up.
    `all`, `majority` and `%` of nobody are false; `no` of nobody is true.
    """

    kind: OneOf["all", "any", "no", "majority", "count", "percent"]
    who: str
    predicate: Predicate
    amount: int = 0
    span: Span = field(default=NOWHERE, compare=False)
    who_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Count:
    """`count player ready`: how many connected people of that kind are so."""

    who: str
    predicate: Predicate
    span: Span = field(default=NOWHERE, compare=False)
    who_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class EnoughPlayers:
    """`enough players`: seated players and every team have reached their minimum."""

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
    """The expressions that one is made of, from left to right."""
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
    """An expression and everything inside it, from left to right."""
    if said is not None:
        yield said
        for operand in operands(said):
            yield from parts(operand)
