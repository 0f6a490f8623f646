"""What a client's engine does, and one that fits every room.

Knows no network. The same five doings as an engine in JavaScript; the names of its
arguments are the room's words. An engine gets everything as arguments and keeps no clock
and no dice of its own, or its checksums will differ from the others'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gameroom.lockstep.canonical import canonical, hash32
from gameroom.lockstep.packets import RosterRow
from gameroom.model import Value


@dataclass(frozen=True, slots=True)
class SeatedCommand:
    """One command of a turn, with the seat that sent it."""

    seat: int
    name: str
    body: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Signal:
    """What an engine tells the room: declared in the room file, an event once agreed."""

    name: str
    body: Mapping[str, Value] = field(default_factory=dict)


class Engine(Protocol):
    """A deterministic game. `states` are the paths of the room's active states."""

    def check(
        self, setup: Mapping[str, Value], seats: Sequence[RosterRow], seed: int
    ) -> Sequence[str]:
        """Reasons to refuse this setup; none accepts it."""

    def init(
        self,
        setup: Mapping[str, Value],
        seats: Sequence[RosterRow],
        seed: int,
        states: Sequence[str],
    ) -> None:
        """Begin a game. `seats` are in seat order; only seat, name, team and roles count."""

    def step(
        self,
        generation: int,
        iterations: int,
        commands: Sequence[SeatedCommand],
        states: Sequence[str],
        seats: Sequence[int],
    ) -> Sequence[Signal]:
        """Run one turn: apply the commands in their order, then iterate. `seats` are those
        that are taken at this turn: whoever left is missing from then on."""

    def checksum(self) -> int:
        """32 bits of the state after the last step."""

    def snapshot(self) -> object:
        """The whole state as a plain value: None, bools, whole numbers within 2^53 - 1, texts,
        lists, maps. A copy: later steps leave it alone."""

    def restore(self, state: object) -> None:
        """Be where an engine was that gave this snapshot. `init` came before, with what that
        engine's game began with. May raise anything at a state that it cannot take."""


class LedgerEngine:
    """A replica without game rules: its state is the hash of everything that the master
    packets said, in order. So its checksum is true, and a bot can play its part in any
    room whose other engines are ledgers too."""

    def __init__(self) -> None:
        self.value = 0

    def check(
        self, setup: Mapping[str, Value], seats: Sequence[RosterRow], seed: int
    ) -> Sequence[str]:
        return ()

    def init(
        self,
        setup: Mapping[str, Value],
        seats: Sequence[RosterRow],
        seed: int,
        states: Sequence[str],
    ) -> None:
        people = [[one.seat, one.name, one.team, sorted(one.roles)] for one in seats]
        self.value = 0
        self._enter([dict(setup), people, seed, list(states)])

    def step(
        self,
        generation: int,
        iterations: int,
        commands: Sequence[SeatedCommand],
        states: Sequence[str],
        seats: Sequence[int],
    ) -> Sequence[Signal]:
        said = [[one.seat, one.name, dict(one.body)] for one in commands]
        self._enter([generation, iterations, said, list(states), list(seats)])
        return ()

    def checksum(self) -> int:
        return self.value

    def snapshot(self) -> object:
        return self.value

    def restore(self, state: object) -> None:
        if type(state) is not int:
            raise TypeError("a ledger's state is a number")
        self.value = state

    def _enter(self, said: Sequence[object]) -> None:
        self.value = hash32(canonical(said), self.value)
