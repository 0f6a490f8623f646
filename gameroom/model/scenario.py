"""Scenarios: tests of a room, written in its room file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal as OneOf

from gameroom.model.expressions import Expression
from gameroom.model.span import NOWHERE, Span
from gameroom.model.types import Value


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a scenario. These are the verbs, with the fields that each one uses:

    given     who: the players who join, in order
    joins     who, name: the wished team, or empty
    watches, leaves   who
    sends     who, name, body: a command, a request, or ready, unready, leave
    sets      who, name, body (the value): a setting
    says      who, name: a line of chat
    silent    who, amount, unit: no packets from now on; this time passes (unit "": no time)
    drops     who: the connection is lost
    returns   who: the connection or the packets come back
    hides     who: the page is hidden; shows: it is visible again
    slow      who: the engine runs a quarter of the tick; steady: it runs the whole tick again
    raises    who, name, body: the engine of each player raises a signal
    refuses   who, name: the engine refuses the next setup for this reason
    diverges  who: from now on the engine's checksums differ
    fails     who: the engine cannot continue
    wait      amount, unit
    state     name: the path of a state that must be active; not_state: must not be active
    that      condition: an expression that must be true
    is        who, name: a flag, role, team or `gone` that each must have; is_not: must not have
    refused   name: the last thing sent must have been refused (name: why, or empty)
    told      name: words that must have been sent to everyone
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
