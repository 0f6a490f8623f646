"""Scenarios: tests that a designer writes beside the room."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal as OneOf

from gameroom.model.expressions import Expression
from gameroom.model.span import NOWHERE, Span
from gameroom.model.types import Value


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a scenario.

    given     who: the players who join, in order
    joins     who, name: the team they ask for, or empty
    watches, leaves   who
    sends     who, name, body: a command, a request, or ready, unready, leave
    sets      who, name, body (the value): a setting
    says      who, name: a line of chat
    silent    who, amount, unit: no packets from now on; so long passes (unit "": no time)
    drops     who: the connection is lost
    returns   who: the connection, or the packets, come back
    hides     who: the page is not seen any more; shows: it is seen again
    slow      who: the engine holds a quarter of the tick; steady: it holds the tick again
    raises    who, name, body: every named player's engine raises a signal
    refuses   who, name: the engine refuses the next setup for this reason
    diverges  who: from now on the engine's checksums differ
    fails     who: the engine cannot go on
    wait      amount, unit
    state     name: the path that is expected to be active; not_state: to be not
    that      condition: an expression that is expected to hold
    is        who, name: a flag, a role, a team or `gone`, expected of each; is_not
    refused   name: the last thing sent was refused (name: why, or empty)
    told      name: words that everyone was told
    """

    verb: OneOf[
        "given",
        "joins",
        "watches",
        "leaves",
        "sends",
        "sets",
        "says",
        "silent",
        "drops",
        "returns",
        "hides",
        "shows",
        "slow",
        "steady",
        "raises",
        "refuses",
        "diverges",
        "fails",
        "wait",
        "state",
        "not_state",
        "that",
        "is",
        "is_not",
        "refused",
        "told",
    ]
    who: tuple[str, ...] = ()
    name: str = ""
    body: Value = None
    amount: int = 0
    unit: OneOf["ms", "turns", ""] = ""
    condition: Expression | None = None
    span: Span = field(default=NOWHERE, compare=False)
    who_spans: tuple[Span, ...] = field(default=(), compare=False)
    name_span: Span = field(default=NOWHERE, compare=False)
    body_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    steps: tuple[Step, ...]
    span: Span = field(default=NOWHERE, compare=False)
