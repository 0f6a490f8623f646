"""The people of a scenario as clients. They run the same replica as real clients, without delay.

A client knows no clock and no chart. The effects of a scenario on an engine are added to its
packets: signals, checksums that differ, a frame rate. The engine itself has no game: its checksums
are computed from the turns, so they always agree.
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
    """A command.

    id: unique in the scenario. generation: that of its packet; 0 while it is queued.
    index: its index in that packet. problem: why it was refused.
    """

    who: str
    command: Command
    id: int
    generation: int = 0
    index: int = 0
    problem: Problem | None = None


class Gameless:
    """An engine whose state is the number of the last turn. refusal: why it refuses the next
    setup; None to accept it."""

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

    connected: whether the connection is open. silent_since: since when the packets are held back,
    in milliseconds; None if they are not. failed: whether the engine has failed.
    diverges: whether its checksums differ. framerate: the reported iterations per second; 0 for no
    report. signals: the raised signals that are not in a packet yet.
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
        """The commands whose turn has not closed."""
        self._sent = 0
        self._load()

    @property
    def seat(self) -> int | None:
        """The number of the seat; None for a spectator."""
        return self.replica.seat

    @property
    def acts(self) -> bool:
        """Whether this client sends anything at present."""
        return self.connected and self.silent_since is None and not self.failed

    # -- the connection ------------------------------------------------------------------

    def _load(self) -> None:
        """Load the page: a program without previous state."""
        self.replica = Replica(self._room, self.engine, seed=0, policy=self._policy, framerate=0)

    def connect(self, hello: Welcome, journal: Sequence[Append], now: int) -> None:
        """Read the welcome of a connection, and all events since the last connection."""
        self.connected = True
        self.replica.welcome(hello)
        for entry in journal[self.replica.seq :]:
            if not self.hear(frame(entry.event), now):
                self.connect(hello, journal, now)
                return

    def drop(self) -> None:
        """Lose the connection."""
        self.connected = False
        self.replica.lost()

    def back(self, hello: Welcome, journal: Sequence[Append], now: int) -> None:
        """Return to normal. If the engine had failed, the page is loaded again; commands that are
        not in a packet yet are kept."""
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
        """Handle an event. Returns False if the engine has to restart, with a new connection."""
        try:
            self.replica.feed(told, now)
        except RepairError:
            self.diverges = False
            return False
        return True

    # -- packets ---------------------------------------------------------------------------

    def command(self, sent: Sent) -> None:
        """Queue a command for the next packet."""
        self._commands.append(sent)
        self.replica.command(sent.command, sent.id)

    def reasons(self) -> tuple[str, ...]:
        """Return why the engine refuses the setup; empty if it accepts it."""
        return self.replica.reasons()

    def packets(self, now: int) -> tuple[ClientPacket, ...]:
        """Run every turn that has arrived, and return the packets to send."""
        while self.replica.play(now, hurry=True):
            pass
        return tuple(map(self._reported, self.replica.take()))

    def rejected(self, told: Rejected, now: int) -> Sent | None:
        """Return the command of this client that the room has refused; None if the replica handles
        the refusal, or if it is not about a command."""
        refusal = Rejection(told.generation, told.index, told.problem)
        if not self.replica.feed(EventFrame("", "", refusal), now):
            return None
        for sent in self._commands:
            if (sent.generation, sent.index) == (told.generation, told.index):
                sent.problem = told.problem
                return sent
        return None

    def _reported(self, packet: ClientPacket) -> ClientPacket:
        """Return the packet with the effects of the scenario on the engine."""
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
        """Record which commands are in this packet."""
        closed = self.replica.generation
        self._commands = [
            sent for sent in self._commands if not sent.generation or sent.generation > closed
        ]
        places = {id_: index for index, id_ in enumerate(packet.ids)}
        for sent in self._commands:
            if sent.id in places:
                sent.generation, sent.index = packet.generation, places[sent.id]


def frame(event: Event) -> EventFrame:
    """Return an event as a client reads it."""
    return EventFrame("", "", event.body, event.seq)
