"""The client packets that were made and not yet confirmed.

Knows no network. A packet is confirmed when a master packet of its generation or a later
one does not list our seat as absent (packets are heard in order), or when a `late` mark
names it. Until then it is kept, because a connection may be lost with it on the way.

Another program may have played this seat meanwhile, and the packet that the room heard may be
that one's. So packets whose commands have ids are sent once more after every return, whatever was
heard: what the room has it knows by the ids, and what it never had it names, for the next packet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gameroom.lockstep.packets import ClientPacket, Command, MasterPacket

SETTLED_MAX = 64
"""Packets with commands that are remembered after they were confirmed."""

CommandWithId = tuple[int, Command]
"""A command of the player with its id, 0 for none."""


class Outbox:
    """sent: the highest generation of which a packet was made, by us or, as the server
    says, by this seat before us."""

    def __init__(self) -> None:
        self.sent = 0
        self._kept: dict[int, ClientPacket] = {}
        self._settled: dict[int, ClientPacket] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, packet: ClientPacket) -> None:
        assert packet.generation > self.sent, "one packet per generation, in order"
        self.sent = packet.generation
        self._kept[packet.generation] = packet

    def confirm(self, packet: MasterPacket, seat: int) -> None:
        self._settle(late.generation for late in packet.late if late.seat == seat)
        if seat not in packet.absent:
            self._settle([one for one in self._kept if one <= packet.generation])

    def _settle(self, generations: Iterable[int]) -> None:
        for generation in generations:
            packet = self._kept.pop(generation, None)
            if packet is not None and packet.commands:
                self._settled[generation] = packet
        for old in list(self._settled)[:-SETTLED_MAX]:
            del self._settled[old]

    def welcome(self, heard: int) -> list[ClientPacket]:
        """The server has heard up to this generation. What it took and what says nothing that
        could be missed needs no keeping; the others up to there are to be sent once more."""
        self.sent = max(self.sent, heard)
        again = []
        for generation, packet in sorted(self._kept.items()):
            if generation <= heard and packet.ids:
                again.append(packet)
            elif generation <= heard and not packet.commands:
                del self._kept[generation]
        return again

    def skip(self, generation: int) -> None:
        """The turns up to this one are not told to us, and the server has heard our packets
        for them: what became of their commands stands in the room's log alone."""
        self._settle([one for one in self._kept if one <= generation])

    def unheard(self, heard: int) -> list[ClientPacket]:
        """What is to be sent again, in order."""
        return [self._kept[generation] for generation in sorted(self._kept) if generation > heard]

    def fill(self, packet: ClientPacket) -> None:
        """Keep a packet for a generation that was sent, was heard, and is heard no more: the
        server fell before its turn closed."""
        assert packet.generation <= self.sent, "what was never sent is put"
        self._kept.setdefault(packet.generation, packet)

    def get(self, generation: int) -> ClientPacket | None:
        return self._kept.get(generation)

    def take_out(self, generation: int, index: int) -> CommandWithId | None:
        """A command that the room never had: another packet was taken for this generation, and
        none of ours will be. None when it is not known any more."""
        self._settle((generation,))
        packet = self._settled.get(generation)
        if packet is None or not 0 <= index < len(packet.commands):
            return None
        return with_ids(packet)[index]

    def empty(self, generation: int) -> tuple[ClientPacket, tuple[CommandWithId, ...]] | None:
        """The packet without its commands, which are given back: the server refused it
        as a whole. None when it is not kept any more."""
        packet = self._kept.get(generation)
        if packet is None:
            return None
        self._kept[generation] = bare = replace(packet, commands=(), signals=(), ids=())
        return bare, with_ids(packet)


def with_ids(packet: ClientPacket) -> tuple[CommandWithId, ...]:
    """The commands of a packet, each with its id."""
    ids = packet.ids or (0,) * len(packet.commands)
    return tuple(zip(ids, packet.commands, strict=True))
