"""The people of a scenario as clients: the replica that real clients run, without any delay.

A client follows its replica; it knows no clock and no chart. What the scenario says of its
engine is put into the packets on their way: signals, checksums that differ, a frame rate. The
engine itself has no game: its checksums are made from the turns and agree by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec import structs

from gameroom.lockstep.packets import (
    ClientPacket,
    Command,
    Event,
    RosterRow,
    SignalReport,
    Welcome,
)
from gameroom.lockstep.problem import Problem
from gameroom.model import RoomFile, Value
from gameroom.replica import RepairError, Replica, SeatedCommand, Signal
from gameroom.room.effects import Append, Rejected
from gameroom.wire import ClientPolicy, EventFrame, Rejection

SIGNALS_PER_PACKET_MAX = 8
_SCATTER, _BITS_32 = 2_654_435_761, 0xFFFF_FFFF


@dataclass(slots=True)
class Sent:
    """A command. id: no other command of the scenario has it. generation: of the packet that
    carries it, 0 while it is queued; index: its place in that packet. problem: why it was
    refused."""

    who: str
    command: Command
    id: int
    generation: int = 0
    index: int = 0
    problem: Problem | None = None


class Gameless:
    """An engine whose state is the last turn. refusal: why it will refuse the next setup."""

    def __init__(self) -> None:
        self.generation = 0
        self.refusal: str | None = None

    def check(
        self, setup: Mapping[str, Value], seats: Sequence[RosterRow], seed: int
    ) -> Sequence[str]:
        refusal, self.refusal = self.refusal, None
        return (refusal,) if refusal else ()

    def init(
        self,
        setup: Mapping[str, Value],
        seats: Sequence[RosterRow],
        seed: int,
        states: Sequence[str],
    ) -> None:
        pass

    def step(
        self,
        generation: int,
        iterations: int,
        commands: Sequence[SeatedCommand],
        states: Sequence[str],
        seats: Sequence[int],
    ) -> Sequence[Signal]:
        self.generation = generation
        return ()

    def checksum(self) -> int:
        return self.generation * _SCATTER & _BITS_32

    def snapshot(self) -> object:
        return self.generation

    def restore(self, state: object) -> None:
        raise AssertionError("a scenario's clients begin with the first event")


class Client:
    """One person's client.

    connected: is the connection there? silent_since: since when the packets are held back, in
    milliseconds; None when they are not. failed: does the engine run no more? diverges: do
    checksums differ? framerate: what the engine reports, in iterations per second; 0 says
    nothing. signals: what the engine has raised and no packet has carried.
    """

    def __init__(self, who: str, room: RoomFile, policy: ClientPolicy) -> None:
        self.who = who
        self.engine = Gameless()
        self.connected = False
        self.silent_since: int | None = None
        self.failed = self.diverges = False
        self.framerate = 0
        self.signals: list[SignalReport] = []
        self._room, self._policy = room, policy
        self._commands: list[Sent] = []
        """Those of which the turn has not closed."""
        self._sent = 0
        self._load()

    @property
    def seat(self) -> int | None:
        """None for somebody who watches."""
        return self.replica.seat

    @property
    def acts(self) -> bool:
        """Does anything come from this client at present?"""
        return self.connected and self.silent_since is None and not self.failed

    # -- the connection ------------------------------------------------------------------

    def _load(self) -> None:
        """The page is loaded: a program that remembers nothing."""
        self.replica = Replica(self._room, self.engine, seed=0, policy=self._policy, framerate=0)

    def connect(self, hello: Welcome, journal: Sequence[Append], now: int) -> None:
        """Read the answer to a connection, and all that was told since the last one."""
        self.connected = True
        self.replica.welcome(hello)
        for entry in journal[self.replica.seq :]:
            if not self.hear(frame(entry.event), now):
                self.connect(hello, journal, now)
                return

    def drop(self) -> None:
        """The connection is gone."""
        self.connected = False
        self.replica.lost()

    def back(self, hello: Welcome, journal: Sequence[Append], now: int) -> None:
        """Everything is as it should be again. Where the engine had failed, the page is loaded
        again; the player still wants what no packet has carried."""
        was_lost, had_failed = not self.connected, self.failed
        self.silent_since = None
        self.failed = self.diverges = False
        if had_failed:
            self._load()
        if had_failed or was_lost:
            self.connect(hello, journal, now)
        if had_failed:
            queued = [sent for sent in self._commands if not sent.generation]
            for sent in queued:
                self.replica.command(sent.command, sent.id)

    def hear(self, told: EventFrame, now: int) -> bool:
        """Take an event. False where the engine has to begin again, over a new connection."""
        try:
            self.replica.feed(told, now)
        except RepairError:
            self.diverges = False
            return False
        return True

    # -- what is said ----------------------------------------------------------------------

    def command(self, sent: Sent) -> None:
        """Queue a command for the next packet."""
        self._commands.append(sent)
        self.replica.command(sent.command, sent.id)

    def reasons(self) -> tuple[str, ...]:
        """Why the engine refuses the setup; none accepts it."""
        return self.replica.reasons()

    def packets(self, now: int) -> tuple[ClientPacket, ...]:
        """Run every turn that is here; what is to be sent then."""
        while self.replica.play(now, hurry=True):
            pass
        return tuple(map(self._reported, self.replica.take()))

    def rejected(self, told: Rejected, now: int) -> Sent | None:
        """The command of ours that the room has refused; None where the replica knows how to go
        on, or it was none."""
        refusal = Rejection(told.generation, told.index, told.problem)
        if not self.replica.feed(EventFrame("", "", refusal), now):
            return None
        for sent in self._commands:
            if (sent.generation, sent.index) == (told.generation, told.index):
                sent.problem = told.problem
                return sent
        return None

    def _reported(self, packet: ClientPacket) -> ClientPacket:
        """The packet, with what the scenario says of the engine."""
        if packet.ids:
            self._note(packet)
        if self.diverges and packet.checksum is not None:
            assert self.seat is not None, "only players report"
            value = packet.checksum.value ^ self.seat + 1
            packet = structs.replace(packet, checksum=structs.replace(packet.checksum, value=value))
        if self.framerate:
            packet = structs.replace(packet, framerate=self.framerate)
        if self.signals and packet.generation > self._sent:
            signals = tuple(self.signals[:SIGNALS_PER_PACKET_MAX])
            del self.signals[: len(signals)]
            packet = structs.replace(packet, signals=signals)
        self._sent = max(self._sent, packet.generation)
        return packet

    def _note(self, packet: ClientPacket) -> None:
        """Which commands ride in this packet."""
        closed = self.replica.generation
        self._commands = [
            sent for sent in self._commands if not sent.generation or sent.generation > closed
        ]
        places = {id_: index for index, id_ in enumerate(packet.ids)}
        for sent in self._commands:
            if sent.id in places:
                sent.generation, sent.index = packet.generation, places[sent.id]


def frame(event: Event) -> EventFrame:
    """An event as a client reads it."""
    return EventFrame("", "", event.body, event.seq)
