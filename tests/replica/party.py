"""Replicas around a real room, over a network that delays and breaks, under virtual time.

Nothing here is a stand-in: the room is the server's, the bytes are the wire's. Only the
sockets are: what is on its way when a connection is cut is lost, in both directions.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable
from random import Random

from gameroom import language, resources
from gameroom.chart import compile_room
from gameroom.lockstep.packets import Command, Event, MasterPacket, Welcome
from gameroom.replica import LedgerEngine, Replica
from gameroom.replica.engine import Engine
from gameroom.room import Room, effects, inputs
from gameroom.room.driver import Driver, RoomListener
from gameroom.wire import (
    JSON,
    MSGPACK,
    Codec,
    EventFrame,
    Rejection,
    plain,
    read_definition,
    read_policies,
)
from gameroom.wire.definition import definition
from gameroom.wire.shape import read

TEXT = """
language 1
use "standard"
room "Party" extends standard {
  players 1..8
  command move { unit: int 0..1499  x: int 0..4095 }
  command shout { text: string(1..20) }
  signal won { by: string(1..8) } agreed by all
  policy pace { tick = 20 per second  turn = 50ms..200ms  ahead = auto }
  policy turns { gather = GATHER }
  extend state running.iterating {
    allow move from player
    on won -> ended because "somebody won"
  }
}
"""


def chart_of(text: str):
    def shipped(name: str) -> language.Source | None:
        found = resources.shipped_room(name)
        return None if found is None else language.Source(*found)

    loaded = language.load(text, name="party.room", resolve=shipped)
    assert loaded.ok, loaded.diagnostics
    assert loaded.room is not None
    return compile_room(loaded.room)


class Party:
    """One room and its people. `run` moves time; whatever happens is in the heap."""

    def __init__(self, *, gather: str = "all", seed: int = 1, text: str = TEXT) -> None:
        self.dice = Random(seed)
        self.chart = chart_of(text.replace("GATHER", gather))
        self.people: list[Person] = []
        self._order = itertools.count()
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._drive(())

    def _drive(self, journal: Iterable[effects.Append], now: int = 0) -> None:
        self.driver = Driver(self.chart, seed=7, journal=journal, now=now)
        self.driver.attach(*self.people)
        self.driver.begin()

    # --- People ------------------------------------------------------------------------

    def sit(self, name: str, engine: Engine | None = None, **wish: bool) -> Person:
        self.driver.send(name, inputs.Join(name, **wish))
        person = self.person(name, engine or LedgerEngine())
        self.people.append(person)
        self.driver.attach(person)
        person.connect()
        return person

    def person(self, name: str, engine: Engine) -> Person:
        """Who sits down; they connect when they are among the people."""
        return Person(self, name, engine)

    def start(self, *names: str) -> list[Person]:
        """They sit down, load and play."""
        people = [self.sit(name) for name in names]
        for packet in (inputs.Ready(), inputs.Load()):
            for name in names:
                self.tell(name, packet)
        self.run(1000)
        assert all(person.replica.generation > 0 for person in people)
        return people

    def tell(self, name: str, packet: inputs.Packet) -> effects.Reply:
        return self.driver.send(name, packet)

    def restart(self) -> None:
        """kill -9 and recovery: only the journal is left, and every connection is cut."""
        for person in self.people:
            person.cut(tell=False)
        self._drive(self.driver.journal, self.now)

    # --- Time --------------------------------------------------------------------------

    def at(self, when: int, do: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (max(when, self.now), next(self._order), do))

    def run(self, ms: int, until: Callable[[], bool] = lambda: False) -> None:
        end = self.now + ms
        while not until():
            driver = self.driver
            wakes = end + 1 if driver.wake is None else driver.wake
            due = self._heap[0][0] if self._heap else end + 1
            if min(wakes, due) > end:
                driver.now = end
                return
            if wakes <= due:
                driver.tick()
            else:
                driver.now, _, do = heapq.heappop(self._heap)
                do()

    # --- Looking -----------------------------------------------------------------------

    @property
    def room(self) -> Room:
        return self.driver.room

    @property
    def now(self) -> int:
        return self.driver.now

    def turns(self) -> list[MasterPacket]:
        bodies = (entry.event.body for entry in self.driver.journal)
        return [body for body in bodies if isinstance(body, MasterPacket)]

    def commands(self, seat: int) -> list[Command]:
        """What the journal says that this seat commanded."""
        return [
            command
            for turn in self.turns()
            for part in turn.commands
            if part.seat == seat
            for command in part.commands
        ]


class Person(RoomListener):
    """A replica behind a connection."""

    def __init__(self, party: Party, name: str, engine: Engine) -> None:
        self.party = party
        self.name = name
        subprotocol = (JSON, MSGPACK)[len(party.people) % 2]
        self.codec = Codec(subprotocol, party.chart.room)
        self.delay = 20
        """Milliseconds each way."""
        self.checksums: dict[int, int] = {}
        self._line = 0
        self._next = -1
        self._connected = False
        self._arrives = 0
        self._leaves = 0
        self.begin(engine)

    def begin(self, engine: Engine, *, snapshots_every: int | None = None) -> None:
        """A fresh program: it remembers nothing. snapshots_every: where it is not the room's."""
        said = definition(self.party.chart.room)
        if snapshots_every is not None:
            said["policies"]["snapshots"]["every"] = snapshots_every
        self.replica = Replica(read_definition(said), engine, seed=7, policy=read_policies(said))

    # --- The connection ----------------------------------------------------------------

    def connect(self) -> None:
        party, room = self.party, self.party.room
        self._line += 1
        self._connected = True
        hello = read(Welcome, plain(room.hello(self.name)), strict=False)
        seq = self.replica.seq
        tail = [entry.event for entry in party.driver.journal[seq:]]
        self._deliver(lambda: self.replica.welcome(hello))
        for event in tail:
            self.hear(event)
        party.tell(self.name, inputs.Connect(seq))

    def cut(self, *, tell: bool = True) -> None:
        """What is on its way is lost."""
        self._line += 1
        self._connected = False
        self.replica.lost()
        if tell:
            self.party.tell(self.name, inputs.Disconnect())

    def _deliver(self, do: Callable[[], None]) -> None:
        """In order, after the delay, if the connection is still the same."""
        line = self._line
        self._arrives = max(self._arrives, self.party.now + self.delay)

        def arrive() -> None:
            if self._line == line:
                do()
                self.pump()

        self.party.at(self._arrives, arrive)

    def hear(self, event: Event) -> None:
        if self._connected:
            self._frame(self.codec.encode_event(event))

    def reject(self, told: effects.Rejected) -> None:
        if told.who == self.name:
            self.refuse(Rejection(told.generation, told.index, told.problem))

    def refuse(self, told: Rejection) -> None:
        if self._connected:
            self._frame(self.codec.encode_private(told))

    def _frame(self, data: bytes | str) -> None:
        def arrive() -> None:
            frame = self.codec.decode_event(data)
            assert isinstance(frame, EventFrame)
            self.replica.feed(frame, self.party.now)

        self._deliver(arrive)

    # --- The client --------------------------------------------------------------------

    def pump(self) -> None:
        """What the shell does: play what is due, send what is made, sleep until the next."""
        replica, party = self.replica, self.party
        while replica.play(party.now):
            if replica.checksum is not None:
                self.checksums[replica.checksum.generation] = replica.checksum.value
        for packet in replica.take():
            self._send(self.codec.encode_packet(packet))
        due = replica.due(party.now)
        if due is not None and due != self._next:
            self._next = due
            party.at(due, self.pump)

    def _send(self, data: bytes | str) -> None:
        line = self._line
        self._leaves = max(self._leaves, self.party.now + self.delay)

        def arrive() -> None:
            if self._line == line:
                packet = self.codec.decode(data)
                assert not hasattr(packet, "method")
                reply = self.party.tell(self.name, packet)
                if reply.problem is not None:
                    self.refuse(Rejection(packet.generation, None, reply.problem))

        self.party.at(self._leaves, arrive)

    def move(self, unit: int) -> None:
        self.replica.command(Command("move", {"unit": unit, "x": 1}))
