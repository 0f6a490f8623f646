"""Runs a room with a virtual clock and without a server: for scenarios, `trace`, tests and
benchmarks.

It performs the room's effects in order: the journal is a list, events go to the listeners, and the
alarm is a number. It knows no socket and no store. The rule it keeps is that of the server: events
are stored before they are sent, every packet has one answer, and no alarm is in the past.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gameroom.chart import Chart
from gameroom.lockstep.packets import Event
from gameroom.model import Value
from gameroom.room.effects import (
    Append,
    Arm,
    Broadcast,
    Effect,
    Keep,
    Log,
    Part,
    Rejected,
    Reply,
)
from gameroom.room.folded import Folded
from gameroom.room.inputs import Packet
from gameroom.room.room import Room


class RoomListener:
    """Receives the effects of a room, with one method for each kind. Override the methods that you
    need. Do not send packets from within a method: the room's other effects come first."""

    def store(self, entry: Append) -> None:
        """This entry was appended to the journal."""

    def hear(self, event: Event) -> None:
        """This event is sent to everyone who is connected."""

    def answer(self, reply: Reply) -> None:
        """This is the answer to the packet that was sent."""

    def reject(self, told: Rejected) -> None:
        """This person is informed that a command was refused."""

    def part(self, told: Part) -> None:
        """This person has left or was removed."""

    def keep(self, told: Keep) -> None:
        """This snapshot has to be stored."""

    def log(self, told: Log) -> None:
        """This failure of a client's program is logged for the operator."""


class Driver:
    """One room, its journal and its time.

    now: the time in milliseconds. wake: when to call `tick` next, None for never.
    journal: all events so far. If you pass one, the room continues from its end, as after a crash
    of the server.
    """

    def __init__(
        self,
        chart: Chart,
        *,
        seed: int,
        settings: Mapping[str, Value] | None = None,
        journal: Iterable[Append] = (),
        now: int = 0,
    ) -> None:
        """Create the room. It does nothing before `begin`, so that you can attach listeners
        first."""
        self.now = now
        self.wake: int | None = None
        self.journal = list(journal)
        self._listeners: list[RoomListener] = []
        if self.journal:
            folded = Folded(settings or {}).fold_all(self.journal)
            self.room = Room.restored(chart, seed=seed, folded=folded, now=now)
        else:
            self.room = Room(chart, seed=seed, settings=settings, now=now)

    def attach(self, *listeners: RoomListener) -> None:
        """Add listeners. They receive all later effects, in the order in which they were
        attached."""
        self._listeners += listeners

    def begin(self) -> None:
        """Begin the room, or continue from the journal."""
        self._perform(self.room.tick(self.now) if self.journal else self.room.begin())

    def send(self, who: str, packet: Packet) -> Reply:
        """Pass a packet from the person with the user id `who`, and return the answer."""
        reply = self._perform(self.room.receive(who, packet, self.now))
        assert reply is not None, "every packet is answered"
        return reply

    def tick(self) -> None:
        """Advance the time to `wake`, which must not be None, and wake the room."""
        assert self.wake is not None, "the room has no alarm"
        self.now = self.wake
        self._perform(self.room.tick(self.now))

    def wait(self, ms: int) -> None:
        """Let this many milliseconds pass, and wake the room whenever it is due."""
        end = self.now + ms
        while self.wake is not None and self.wake <= end:
            self.tick()
        self.now = end

    def _perform(self, effects: Iterable[Effect]) -> Reply | None:
        answer: Reply | None = None
        for effect in effects:
            match effect:
                case Append():
                    self.journal.append(effect)
                    for each in self._listeners:
                        each.store(effect)
                case Broadcast(event):
                    assert self.journal[-1].event is event, "an event was sent before it was stored"
                    for each in self._listeners:
                        each.hear(event)
                case Reply():
                    assert answer is None, "a packet has one answer"
                    answer = effect
                    for each in self._listeners:
                        each.answer(effect)
                case Rejected():
                    for each in self._listeners:
                        each.reject(effect)
                case Part():
                    for each in self._listeners:
                        each.part(effect)
                case Keep():
                    for each in self._listeners:
                        each.keep(effect)
                case Log():
                    for each in self._listeners:
                        each.log(effect)
                case Arm(at):
                    assert at is None or at > self.now, "the alarm must not be in the past"
                    self.wake = at
        return answer
