"""A room file and its parts.

The same `Room` type serves before and after merging: a parsed room may say
`extends` and hold `extend` and `override` states; a merged one has neither
(`extends is None`, every state's mode is "new").
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
"""The longest time that a room may say, by its unit."""


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
    """`role host is player`: one holder at a time, handed on by `do { pass host }`."""

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
    """`command move { unit: int 0..1499 }`: reaches the engines through the master packet."""

    name: str
    fields: tuple[Field, ...]
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Request:
    """`request vote { choice: "wait" | "drop" }`: drives the room, never reaches an engine."""

    name: str
    fields: tuple[Field, ...]
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class SignalDeclaration:
    """`signal round_over { winner: string(1..16) } agreed by all`: raised by the engines,
    an event once enough of them raised the same for the same generation."""

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
    """One `key = value` of a policy. The key's words are joined by `_` (`pause after` is
    `pause_after`). The value is a duration, a count, a rate, a word (`all`, `auto`, `on`),
    two durations, or `within` and a duration. `model.policies` says which key takes what."""

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
    """`allow move, build from player`. `names` are commands, requests or built-in doings."""

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
    """`when all player ready`: fires when it becomes true while its state is active;
    true on entry counts as becoming true."""

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
    drop FLAG               name: every seated person with that flag loses the seat
    unready WHO             name: these people are not ready any more
    pass ROLE               name: if nobody holds the role, the longest seated does
    repair diverged         name; whoever differs from a majority begins again
    announce "text"         name: the text, told to everyone
    """

    verb: OneOf["set", "raise", "drop", "unready", "pass", "repair", "announce"]
    name: str
    value: Expression | None = None
    span: Span = field(default=NOWHERE, compare=False)
    name_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Target:
    """`running.paused.held`; `resume running.iterating` (deep history, else its initial);
    `internal night` (SCXML's internal transition: the source is not exited)."""

    path: str
    kind: OneOf["external", "internal", "resume"] = "external"
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Transition:
    """`on round_over if rounds < 2 do { ... } -> night because "..."`.

    Without a target it only acts: nothing is exited or entered.
    """

    trigger: Trigger
    guard: Expression | None = None
    actions: tuple[Act, ...] = ()
    target: Target | None = None
    because: str | None = None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class State:
    """A node of the chart.

    kind: state, parallel, region (a child of a parallel), final, or history.
    mode: new; extend or override, where `name` is a dotted path into the parent room.
    initial: a path from this state down, required where a state has children.
    deep, default: for history only; `default` is where to go when nothing was recorded.
    Order is document order within each tuple; permissions and transitions of an
    extending state come before the inherited ones.
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
    """A room. `root` is a state named "" that holds the top states, permissions and
    transitions; its initial is `setup`. What a room does not say is None or empty and
    comes from the room that it extends."""

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
    """`use "standard"`: a shipped room by name, or a path beside the file."""

    name: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class File:
    """One room file: a language version, uses, at most one room, scenarios."""

    language: int
    uses: tuple[Use, ...] = ()
    room: RoomFile | None = None
    scenarios: tuple[Scenario, ...] = ()
    span: Span = field(default=NOWHERE, compare=False)
