"""A room file and its parts.

The same type `RoomFile` is used before and after merging. A parsed room can have `extends` and
states with `extend` and `override`; a merged one has neither (`extends is None`, and the mode of
every state is "new").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal as OneOf

from gameroom.model.expressions import Expression
from gameroom.model.scenario import Scenario
from gameroom.model.span import NOWHERE, Span
from gameroom.model.types import Field, Scalar, Type


@dataclass(frozen=True, slots=True)
class Duration:
    """`250ms`, `10m` or `20 turns`; `amount` is in milliseconds or in turns."""

    amount: int
    unit: OneOf["ms", "turns"]
    span: Span = field(default=NOWHERE, compare=False)


DURATION_MAX: Mapping[str, int] = {"ms": 7 * 24 * 60 * 60 * 1000, "turns": 10_000_000}
"""The longest duration that a room can contain, by unit."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`20 per second`."""

    per_second: int
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Range:
    """`2..8`, both ends included."""

    low: int
    high: int
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Spectators:
    """`spectators 0..200 delay 10s`; `spectators none` is 0..0."""

    low: int
    high: int
    delay: Duration = field(default_factory=lambda: Duration(0, "ms"))
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Team:
    """`team red size 1..4`."""

    name: str
    low: int
    high: int
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
    size_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Role:
    """`role host is player`: at most one person has it; `do { pass host }` gives it to another."""

    name: str
    of: str
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
    of_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Setting:
    """`setting map: "plains" | "islands" = "plains"`: part of the setup configuration."""

    name: str
    type: Type
    default: Scalar | tuple[Scalar, ...]
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
    default_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class CommandDeclaration:
    """`command move { unit: int 0..1499 }`: sent to the engines in the master packet."""

    name: str
    fields: tuple[Field, ...]
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Request:
    """`request vote { choice: "wait" | "drop" }`: handled by the room, never sent to an engine."""

    name: str
    fields: tuple[Field, ...]
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class SignalDeclaration:
    """`signal round_over { winner: string(1..16) } agreed by all`: raised by the engines. It
    becomes an event when enough engines have raised the same signal for the same generation."""

    name: str
    fields: tuple[Field, ...]
    agreed: OneOf["all", "majority"]
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Variable:
    """`var round: int 0..99 = 0`."""

    name: str
    type: Type
    initial: Scalar
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
    initial_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class PolicyEntry:
    """One `key = value` of a policy.

    key: with `_` between its words (`pause_after` for `pause after`).
    value: a duration, a count, a rate, a word (`all`, `auto`, `on`), two durations, or `within`
    with a duration. `model.policies` defines which key takes which value.
    """

    key: str
    value: Scalar | Duration | Range | Rate | tuple[Duration, Duration] | tuple[str, Duration]
    span: Span = field(default=NOWHERE, compare=False)
    value_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Policy:
    """`policy lag { pause after = 3s  drop after = 57s }`."""

    name: str
    entries: tuple[PolicyEntry, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Permission:
    """`allow move, build from player`. names: commands, requests or built-in actions."""

    effect: OneOf["allow", "deny", "ignore"]
    names: tuple[str, ...]
    who: tuple[str, ...]
    span: Span = field(default=NOWHERE, compare=False)
    name_spans: tuple[Span, ...] = field(default=(), compare=False)
    who_spans: tuple[Span, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class On:
    """`on pause`. Done events are `done(setup.draft)`, errors are `error`."""

    event: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class When:
    """`when all player ready`: fires when the condition becomes true while its state is active, or
    is true when the state is entered."""

    condition: Expression
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class After:
    """`after 10m`, `after 600 turns`."""

    duration: Duration
    span: Span = field(default=NOWHERE, compare=False)


Trigger = On | When | After


@dataclass(frozen=True, slots=True)
class Act:
    """One action of `do { }`.

    set NAME = EXPRESSION   name, value
    raise EVENT             name; an internal event without fields
    drop FLAG               name: every player with that flag loses the seat
    unready WHO             name: these people are not ready any more
    pass ROLE               name: if no player has the role, it goes to another player
    repair diverged         name; engines that differ from a majority restart
    announce "text"         name: the text, which is sent to everyone
    """

    verb: OneOf["set", "raise", "drop", "unready", "pass", "repair", "announce"]
    name: str
    value: Expression | None = None
    span: Span = field(default=NOWHERE, compare=False)
    name_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Target:
    """`running.paused.held`; `resume running.iterating` (its deep history, or its initial state if
    nothing was recorded); `internal night` (SCXML's internal transition: the source is not
    exited)."""

    path: str
    kind: OneOf["external", "internal", "resume"] = "external"
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Transition:
    """`on round_over if rounds < 2 do { ... } -> night because "..."`.

    Without a target it only runs its actions: no state is exited or entered.
    """

    trigger: Trigger
    guard: Expression | None = None
    actions: tuple[Act, ...] = ()
    target: Target | None = None
    because: str | None = None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class State:
    """A state of the chart.

    kind: state, parallel, region (a child of a parallel), final, or history.
    mode: new, extend or override. For the latter two, `name` is a dotted path in the parent room.
    initial: a path relative to this state; required if the state has children.
    deep, default: for a history only; `default` is the target if nothing was recorded.
    Each tuple is in document order. Permissions and transitions of an extending state come before
    the inherited ones.
    """

    name: str
    kind: OneOf["state", "parallel", "region", "final", "history"] = "state"
    mode: OneOf["new", "extend", "override"] = "new"
    iterates: bool = False
    initial: str | None = None
    permissions: tuple[Permission, ...] = ()
    transitions: tuple[Transition, ...] = ()
    entry: tuple[Act, ...] = ()
    exit: tuple[Act, ...] = ()
    states: tuple[State, ...] = ()
    deep: bool = False
    default: Target | None = None
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
    name_span: Span = field(default=NOWHERE, compare=False)
    initial_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class RoomFile:
    """A room.

    root: a state named "" with the top states, permissions and transitions; its initial state is
    `setup`. Parts that the room file omits are None or empty; they come from the extended room.
    """

    name: str
    extends: str | None = None
    players: Range | None = None
    spectators: Spectators | None = None
    teams: tuple[Team, ...] = ()
    roles: tuple[Role, ...] = ()
    settings: tuple[Setting, ...] = ()
    commands: tuple[CommandDeclaration, ...] = ()
    requests: tuple[Request, ...] = ()
    signals: tuple[SignalDeclaration, ...] = ()
    variables: tuple[Variable, ...] = ()
    policies: tuple[Policy, ...] = ()
    root: State = field(default_factory=lambda: State(""))
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
    extends_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Use:
    """`use "standard"`: the name of a shipped room, or a path relative to the file."""

    name: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class File:
    """One room file: the language version, the used files, at most one room, and scenarios."""

    language: int
    uses: tuple[Use, ...] = ()
    room: RoomFile | None = None
    scenarios: tuple[Scenario, ...] = ()
    span: Span = field(default=NOWHERE, compare=False)
