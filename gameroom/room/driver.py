"""A room under a virtual clock, for everyone who needs no server: scenarios, `trace`, tests and
benchmarks.

It performs the room's effects in their order: the journal is a list, events go to the listeners,
and the alarm is a number. It knows no socket and no store. The rule it keeps is the server's:
nothing is told before it is stored, every packet has one answer, and no alarm is in the past.
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
    """Everything that a room does to the world, one method for each kind. A listener overrides
    what it needs. It sends nothing while it listens: the room's other effects come first."""

    def store(self, entry: Append) -> None:
        """This is the last entry of the journal now."""

    def hear(self, event: Event) -> None:
        """Everyone who is connected is told this event."""

    def answer(self, reply: Reply) -> None:
        """The answer to the packet that was sent."""

    def reject(self, told: Rejected) -> None:
        """One person is told that a command was refused."""

    def part(self, told: Part) -> None:
        """One person has lost the place."""

    def keep(self, told: Keep) -> None:
        """A snapshot is worth keeping."""

    def log(self, told: Log) -> None:
        """The operator is told what went wrong in somebody's program."""


class Driver:
    """One room, its journal and its time in milliseconds.

    now: the time. wake: when the room wants to be woken, None: not at all. journal: every event
    so far; given one, the room goes on where it ends, as after a crash of the server.
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
        """A room that does nothing before `begin`, so that you can attach listeners first."""
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
        """From now on these hear of every effect, in the order in which they were attached."""
        self._listeners += listeners

    def begin(self) -> None:
        """The room begins, or goes on from the journal."""
        self._perform(self.room.tick(self.now) if self.journal else self.room.begin())

    def send(self, who: str, packet: Packet) -> Reply:
        """A packet from the person with the user id `who` arrives now."""
        reply = self._perform(self.room.receive(who, packet, self.now))
        assert reply is not None, "every packet is answered"
        return reply

    def tick(self) -> None:
        """The time goes on to `wake`, which is not None, and the room is woken."""
        assert self.wake is not None, "the room waits for somebody"
        self.now = self.wake
        self._perform(self.room.tick(self.now))

    def wait(self, ms: int) -> None:
        """Time passes; the room is woken whenever it asked for it."""
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
                    assert self.journal[-1].event is event, "told before it was stored"
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
                    assert at is None or at > self.now, "an alarm in the past never sleeps"
                    self.wake = at
        return answer
