"""A room at a table: named people, virtual time, everything that was said kept.

The tests speak of ann and bob; the table turns that into packets for the room's driver.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Self

from gameroom import language, resources
from gameroom.chart import compile_room
from gameroom.lockstep import packets
from gameroom.lockstep.packets import Checksum, ClientPacket, Command, MasterPacket, SignalReport
from gameroom.model import Value
from gameroom.room import Room, effects, inputs
from gameroom.room.driver import Driver, RoomListener

PLAIN = """
language 1
use "standard"
room "Plain" extends standard {
  players 2..3
  spectators 0..2
  setting map: "plains" | "islands" = "plains"
  setting gold: int 100..1000 = 300
  command move { unit: int 0..9 }
  command wave { }
  request vote { choice: "wait" | "drop" }
  signal won { by: "ann" | "bob" } agreed by all
  policy pace { tick = 10 per second  turn = 100ms..100ms  ahead = 2 }
  extend state running.iterating {
    allow move from player
    on won -> ended because "somebody won"
  }
  extend state running.paused.lagging {
    allow vote from player
    when majority of present chose "drop" do { drop missing } -> resume running.iterating
  }
}
"""


def shipped(name: str) -> language.Source | None:
    found = resources.shipped_room(name)
    return None if found is None else language.Source(*found)


def chart_of(text: str):
    loaded = language.load(text, name="test.room", resolve=shipped)
    assert loaded.ok, loaded.diagnostics
    assert loaded.room is not None
    return compile_room(loaded.room)


class Table(RoomListener):
    """One room under virtual time. `told` holds what all were told, `parted` the close codes."""

    def __init__(self, text: str = PLAIN, settings: Mapping[str, Value] | None = None) -> None:
        self.chart = chart_of(text)
        self.settings = settings
        self.told: list[packets.Event] = []
        self.rejected: list[effects.Rejected] = []
        self.parted: dict[str, int] = {}
        self.kept: list[effects.Keep] = []
        self.logged: list[effects.Log] = []
        self._drive(())

    def _drive(self, journal: Iterable[effects.Append], now: int = 0) -> None:
        self.driver = Driver(self.chart, seed=7, settings=self.settings, journal=journal, now=now)
        self.driver.attach(self)
        self.driver.begin()

    # -- what the room does ---------------------------------------------------------

    def hear(self, event: packets.Event) -> None:
        self.told.append(event)

    def reject(self, told: effects.Rejected) -> None:
        self.rejected.append(told)

    def part(self, told: effects.Part) -> None:
        self.parted[told.who] = told.code

    def keep(self, told: effects.Keep) -> None:
        self.kept.append(told)

    def log(self, told: effects.Log) -> None:
        self.logged.append(told)

    # -- people ---------------------------------------------------------------------

    def send(self, who: str, packet: inputs.Packet) -> effects.Reply:
        return self.driver.send(who, packet)

    def join(self, *names: str, **wish: bool) -> effects.Reply:
        for name in names:
            answer = self.send(name, inputs.Join(name, **wish))
            if answer.problem is None:
                self.send(name, inputs.Connect())
        return answer

    def ready(self, *names: str) -> None:
        for name in names:
            assert self.send(name, inputs.Ready()).problem is None

    def load(self, *names: str) -> None:
        for name in names:
            assert self.send(name, inputs.Load()).problem is None

    def start(self, *names: str) -> Table:
        """They join, are ready and load: the room runs."""
        self.join(*names)
        self.ready(*names)
        self.load(*names)
        assert "running.iterating" in self.room.states
        return self

    def packet(
        self,
        who: str,
        generation: int,
        *commands: Command,
        checksum: int | None = None,
        signals: tuple[SignalReport, ...] = (),
    ) -> effects.Reply:
        """A client packet; `checksum` is of the generation two before it."""
        report = None if checksum is None else Checksum(generation - 2, checksum)
        return self.send(who, ClientPacket(generation, commands, checksum=report, signals=signals))

    def turn(self, *names: str, checksum: int | None = 1) -> MasterPacket:
        """All of them send an empty packet for the open turn, and the turn closes."""
        generation = self.room.generation + 1
        for name in names:
            self.packet(name, generation, checksum=checksum if generation > 2 else None)
        self.wait_until_due()
        assert self.room.generation >= generation, "the turn did not close"
        return self.masters()[generation - 1]

    # -- time -------------------------------------------------------------------------

    def wait(self, ms: int) -> None:
        """Time passes; the room is woken whenever it asked for it."""
        self.driver.wait(ms)

    def wait_until_due(self) -> None:
        """As long as one turn takes, but not longer."""
        self.wait(100)

    # -- looking ------------------------------------------------------------------------

    @property
    def room(self) -> Room:
        return self.driver.room

    @property
    def journal(self) -> list[effects.Append]:
        return self.driver.journal

    @property
    def now(self) -> int:
        return self.driver.now

    @property
    def states(self) -> tuple[str, ...]:
        return self.room.states

    def masters(self) -> list[MasterPacket]:
        return [event.body for event in self.told if isinstance(event.body, MasterPacket)]

    def last(self, kind: type):
        return next(e.body for e in reversed(self.told) if isinstance(e.body, kind))

    def seat(self, name: str) -> packets.RosterRow:
        return next(row for row in self.room.people.roster().seats if row.name == name)

    def restarted(self, cut: int | None = None) -> Self:
        """The server was killed: a new room from the journal alone, of its first `cut` entries."""
        other = copy(self)
        other.told, other.rejected = list(self.told), []
        other._drive(self.journal[:cut], self.now)
        return other
