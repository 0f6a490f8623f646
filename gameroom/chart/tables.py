"""A compiled chart: frozen tables of integers.

States and transitions are numbered in document order (preorder). A set of states is an integer with
one bit for each. Stepping uses only numbers: names appear only in the tables that turn numbers
back into words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal as OneOf

from gameroom import model
from gameroom.chart.actions import NOTHING, Block
from gameroom.chart.events import ChartEnded, TransitionTaken
from gameroom.chart.expressions import Ask
from gameroom.model import Value

ROOT = 0
NONE = -1

Ruling = OneOf["allow", "deny", "ignore", "unsaid"]

StateKind = OneOf["atomic", "compound", "parallel", "final", "history"]


@dataclass(frozen=True, slots=True)
class StateRow:
    """One state.

    ancestors: nearest first, without the state itself. below: the set of its descendants, without
    the state itself. children: without histories.
    initial: the default entry of a compound state; for a history, where it leads if nothing was
    recorded. slot: the position of a history in the snapshot; NONE for other states.
    """

    id: int
    path: str
    kind: StateKind
    parent: int
    ancestors: tuple[int, ...]
    below: int
    children: tuple[int, ...]
    initial: tuple[int, ...] = ()
    histories: tuple[int, ...] = ()
    slot: int = NONE
    deep: bool = False
    transitions: tuple[int, ...] = ()
    entry: Block = NOTHING
    exit: Block = NOTHING
    closing: Block = NOTHING
    permissions: tuple[model.Permission, ...] = ()

    @property
    def bit(self) -> int:
        return 1 << self.id


@dataclass(frozen=True, slots=True)
class TransitionRow:
    """One transition.

    event: NONE for a `when` or an `after`.
    condition, depends: the condition of a `when`, and what its value depends on.
    amount, unit: the duration of an `after`; unit is "" for other transitions.
    recalls: whether the states that it enters can depend on a history.
    cause: the event as people see it: its name, `after`, or "" for a `when`.
    key: the name of a `when` or an `after` in stored snapshots; "" for other transitions.
    """

    id: int
    source: int
    said: model.Transition
    event: int = NONE
    condition: Ask | None = None
    depends: int = 0
    amount: int = 0
    unit: OneOf["ms", "turns", ""] = ""
    guard: Ask | None = None
    target: int = NONE
    internal: bool = False
    recalls: bool = False
    block: Block = NOTHING
    cause: str = ""
    key: str = ""


Way = tuple[tuple[int, Ask | None], ...]
"""The transitions of one active leaf for an event, with their guards, in the order in which they
are considered: its own first, then those of its ancestors, each in document order."""


@dataclass(frozen=True, slots=True)
class TransitionPlan:
    """All of one microstep that does not depend on values.

    transitions: those that are taken. removed: (loser, winner) of every conflict.
    content: blocks in order, each with the configuration in which it runs.
    remembered: (slot, states) of the histories that the exit records.
    cancelled: bits of the transitions whose timers stop. armed: transitions whose timers start.
    forgotten: bits of the `when`s that start from scratch. fired: bits of the `when`s taken.
    depends: what the `when`s that are active afterwards depend on.
    quiet: whether nothing but the configuration changes.
    """

    transitions: tuple[int, ...]
    removed: tuple[tuple[int, int], ...]
    configuration: int
    exited: tuple[int, ...]
    entered: tuple[int, ...]
    content: tuple[tuple[int, Block], ...]
    remembered: tuple[tuple[int, int], ...]
    cancelled: int
    armed: tuple[TransitionRow, ...]
    forgotten: int
    fired: int
    moved: tuple[TransitionTaken, ...]
    ended: ChartEnded | None
    depends: int
    quiet: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What follows from a configuration alone. `ways` and `rulings` are filled when needed."""

    leaves: tuple[int, ...]
    whens: tuple[TransitionRow, ...]
    bits: int
    depends: int
    ways: dict[int, tuple[Way, ...]]
    rulings: dict[tuple[str, frozenset[str]], Ruling]


class Memo:
    """A cache of a chart's computed plans and configurations. Each part is cleared when full."""

    __slots__ = ("configurations", "plans")

    def __init__(self) -> None:
        self.configurations: dict[int, Known] = {}
        self.plans: dict[tuple[object, ...], TransitionPlan] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """A compiled chart.

    room: the merged model from which it was compiled.
    states: the states of the room file by number, then the implied histories of `resume`.
    events: the number of every event that a transition waits for or an action raises.
    variables, settings: positions in a snapshot's `data` and `settings`.
    iterating: the set of states in which turns advance.
    memo: a bounded cache, which never changes a result.
    """

    room: model.RoomFile
    fingerprint: str
    states: tuple[StateRow, ...]
    transitions: tuple[TransitionRow, ...]
    events: Mapping[str, int]
    event_names: tuple[str, ...]
    done: Mapping[int, int]
    error: int
    variables: Mapping[str, int]
    settings: Mapping[str, int]
    data: tuple[Value, ...]
    defaults: tuple[Value, ...]
    slots: int
    by_path: Mapping[str, int]
    iterating: int
    memo: Memo = field(repr=False)


def bits(states: int) -> list[int]:
    """Return the numbers in a set, in ascending (document) order."""
    found = []
    while states:
        low = states & -states
        found.append(low.bit_length() - 1)
        states ^= low
    return found
