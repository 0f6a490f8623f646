"""A room at a table: named people, virtual time, everything that was said kept.

The tests speak of ann and bob; this driver turns that into packets and performs the
effects the way the server does: store, tell, arm the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gameroom import language, resources
from gameroom.chart import compile_room
from gameroom.lockstep import packets
from gameroom.lockstep.packets import Checksum, ClientPacket, Command, MasterPacket, SignalReport
from gameroom.model import Value
from gameroom.room import Folded, Room, effects, inputs

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


@dataclass
class Table:
    """One room under virtual time. `journal` holds the Appends, `told` what all were told."""

    text: str = PLAIN
    settings: Mapping[str, Value] | None = None
    now: int = 0
    room: Room = field(init=False)
    journal: list[effects.Append] = field(default_factory=list)
    told: list[packets.Event] = field(default_factory=list)
    rejected: list[effects.Rejected] = field(default_factory=list)
    parted: dict[str, int] = field(default_factory=dict)
    kept: list[effects.Keep] = field(default_factory=list)
    answer: effects.Reply | None = None
    wake: int | None = None

    def __post_init__(self) -> None:
        self.chart = chart_of(self.text)
        self.room = Room(self.chart, seed=7, settings=self.settings, now=self.now)
        self._perform(self.room.begin())

    def _perform(self, done: Iterable[effects.Effect]) -> None:
        replies = []
        for effect in done:
            match effect:
                case effects.Append():
                    self.journal.append(effect)
                case effects.Broadcast(event):
                    assert self.journal[-1].event is event, "told before it was stored"
                    self.told.append(event)
                case effects.Reply():
                    replies.append(effect)
                case effects.Rejected():
                    self.rejected.append(effect)
                case effects.Part(who, code):
                    self.parted[who] = code
                case effects.Keep():
                    self.kept.append(effect)
                case effects.Arm(at):
                    assert at is None or at > self.now, "an alarm in the past never sleeps"
                    self.wake = at
        assert len(replies) <= 1
        self.answer = replies[0] if replies else None

    # -- people ---------------------------------------------------------------------

    def send(self, who: str, packet: inputs.Packet) -> effects.Reply:
        self._perform(self.room.receive(who, packet, self.now))
        assert self.answer is not None, "every packet is answered"
        return self.answer

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
        end = self.now + ms
        while self.wake is not None and self.wake <= end:
            self.now = self.wake
            self._perform(self.room.tick(self.now))
        self.now = end

    def wait_until_due(self) -> None:
        """As long as one turn takes, but not longer."""
        self.wait(100)

    # -- looking ------------------------------------------------------------------------

    @property
    def states(self) -> tuple[str, ...]:
        return self.room.states

    def masters(self) -> list[MasterPacket]:
        return [event.body for event in self.told if isinstance(event.body, MasterPacket)]

    def last(self, kind: type):
        return next(e.body for e in reversed(self.told) if isinstance(e.body, kind))

    def seat(self, name: str) -> packets.RosterRow:
        return next(row for row in self.room.people.roster().seats if row.name == name)

    def restarted(self) -> Table:
        """The server was killed: a new room from the journal alone."""
        other = object.__new__(Table)
        other.__dict__.update(self.__dict__)
        other.journal, other.told, other.rejected = list(self.journal), list(self.told), []
        folded = Folded(self.settings or {}).fold_all(self.journal)
        other.room = Room.restored(self.chart, seed=7, folded=folded, now=self.now)
        other._perform(other.room.tick(other.now))
        return other
