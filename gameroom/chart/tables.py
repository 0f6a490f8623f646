"""A compiled chart: frozen tables of integers.

States and transitions are their numbers in document order (preorder); sets of states are
bits of an integer. Knows no text and no path while stepping: names appear only in the
tables that turn numbers back into words.
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
    """One node. `ancestors` are the proper ones, nearest first; `below` is the set of its
    proper descendants; `children` leave out histories.

    initial: where a compound state is entered by default; for a history, where it leads
    when nothing was recorded. slot: a history's place in the snapshot, else NONE.
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
    """One transition. `event` is NONE for `when` and `after`.

    condition, depends: of a `when`, and what its value rests on.
    amount, unit: of an `after`; unit is "" for the others.
    recalls: whether a history takes part in finding what it enters.
    cause: the event as it is told to people: its name, `after`, or "" for a `when`.
    key: of a `when` or an `after`, its name in stored snapshots; "" for the others.
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
"""The transitions that one active leaf offers for an event, in the order in which they are
asked: its own first, then its ancestors', each in document order. With their guards."""


@dataclass(frozen=True, slots=True)
class TransitionPlan:
    """One microstep, but for the values.

    transitions: those taken; removed: (loser, winner) of every conflict.
    content: blocks in order, each with the configuration in which it runs.
    remembered: (slot, states) of the histories that the exit records.
    cancelled: bits of the transitions whose timers stop; armed: those whose timers start.
    forgotten: bits of the `when`s that start anew; fired: of those that were taken.
    depends: what the `when`s rest on that are active afterwards.
    quiet: nothing but the configuration changes.
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
    """What a configuration says by itself. `ways` and `rulings` fill up as they are asked."""

    leaves: tuple[int, ...]
    whens: tuple[TransitionRow, ...]
    bits: int
    depends: int
    ways: dict[int, tuple[Way, ...]]
    rulings: dict[tuple[str, frozenset[str]], Ruling]


class Memo:
    """What a chart has worked out. Full means empty: it is simply forgotten."""

    __slots__ = ("configurations", "plans")

    def __init__(self) -> None:
        self.configurations: dict[int, Known] = {}
        self.plans: dict[tuple[object, ...], TransitionPlan] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """`room` is the merged model that this was compiled from.

    states: the room's own by number, then the implied histories of `resume`.
    events: the number of every event that something waits for or raises.
    variables, settings: places in a snapshot's `data` and `settings`.
    iterating: the states in which turns advance. `memo` holds what was worked out before;
    it is bounded and never changes an answer.
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
    """The numbers in a set, ascending: document order."""
    found = []
    while states:
        low = states & -states
        found.append(low.bit_length() - 1)
        states ^= low
    return found
