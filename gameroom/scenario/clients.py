"""The people of a scenario as clients: well-behaved, without any delay of their own.

A client knows its seat and what it has sent; no clock and no chart. It keeps the client's
rule: when its engine starts generation g it sends a packet for every generation up to
g + ahead that it has not sent yet, and what is queued rides in the first of them. Its
engine has no game: checksums are made from the generation and agree by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gameroom.lockstep.packets import Checksum, ClientPacket, Command, SignalReport
from gameroom.lockstep.problem import Problem

SIGNALS_PER_PACKET_MAX = 8
_SCATTER, _BITS_32 = 2_654_435_761, 0xFFFF_FFFF


@dataclass(slots=True)
class Sent:
    """A command. generation: of the packet that carries it, 0 while it is queued; index:
    its place in that packet. problem: why it was refused."""

    who: str
    command: Command
    generation: int = 0
    index: int = 0
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What the room file asks of its clients."""

    commands_per_turn: int
    checksum_every: int


@dataclass(slots=True)
class Client:
    """One person's client.

    seat: None for who watches. connected: is the connection there? silent_since: since when
    the packets are held back, in milliseconds; None when they are not.
    seq: the last event that came before the connection was lost.
    sent: the highest generation of which a packet was sent, by whoever had the seat.
    refusal: why the engine will refuse the next setup. diverges: do checksums differ?
    failed: does the engine run no more?
    framerate: what the engine reports, in iterations per second; 0 says nothing.
    """

    who: str
    seat: int | None
    sent: int = 0
    seq: int = 0
    connected: bool = True
    silent_since: int | None = None
    diverges: bool = False
    failed: bool = False
    framerate: int = 0
    refusal: str | None = None
    queue: list[Sent] = field(default_factory=list)
    riding: list[Sent] = field(default_factory=list)
    signals: list[SignalReport] = field(default_factory=list)
    _must_show: bool = False

    @property
    def acts(self) -> bool:
        """Does anything come from this client at present?"""
        return self.connected and self.silent_since is None and not self.failed

    def drop(self, seq: int) -> None:
        """The connection is gone; everything up to `seq` has come."""
        self.connected, self.seq = False, seq

    def back(self, heard: int) -> None:
        """Everything is as it should be again. The turns wait for us from our first packet
        on: where all were heard before, the last one is sent once more."""
        self.sent = max(self.sent, heard)
        self._must_show = self.failed or not self.connected
        self.connected, self.silent_since = True, None
        self.diverges = self.failed = False

    def packets(self, closed: int, ahead: int, rules: Rules) -> Iterator[ClientPacket]:
        """What is to be sent when the engine starts the turn `closed`."""
        for generation in range(max(self.sent, closed) + 1, closed + ahead + 1):
            self.sent, self._must_show = generation, False
            yield self._packet(generation, closed, rules)
        if self._must_show:
            self._must_show = False
            yield ClientPacket(self.sent)

    def rejected(self, generation: int, index: int, problem: Problem) -> Sent | None:
        """The room refused this command of ours."""
        for sent in self.riding:
            if (sent.generation, sent.index) == (generation, index):
                sent.problem = problem
                return sent
        return None

    def _packet(self, generation: int, closed: int, rules: Rules) -> ClientPacket:
        riding = self.queue[: rules.commands_per_turn]
        del self.queue[: len(riding)]
        for index, sent in enumerate(riding):
            sent.generation, sent.index = generation, index
        self.riding = [sent for sent in self.riding if sent.generation > closed] + riding
        signals = tuple(self.signals[:SIGNALS_PER_PACKET_MAX])
        del self.signals[: len(signals)]
        return ClientPacket(
            generation,
            commands=tuple(sent.command for sent in riding),
            checksum=self._checksum((closed - 1) // rules.checksum_every * rules.checksum_every),
            framerate=self.framerate,
            signals=signals,
        )

    def _checksum(self, generation: int) -> Checksum | None:
        """After the last turn that the engine has run and that is reported; None before it."""
        if generation < 1:
            return None
        assert self.seat is not None, "only players report"
        value = generation * _SCATTER & _BITS_32
        return Checksum(generation, value ^ (self.seat + 1 if self.diverges else 0))
