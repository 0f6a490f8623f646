"""The client packets that were made and not yet confirmed.

Knows no network. A packet is confirmed when a master packet of its generation or a later
one does not list our seat as absent (packets are heard in order), or when a `late` mark
names it. Until then it is kept, because a connection may be lost with it on the way.
"""

from __future__ import annotations

from dataclasses import replace

from gameroom.lockstep.packets import ClientPacket, Command, MasterPacket


class Outbox:
    """sent: the highest generation of which a packet was made, by us or, as the server
    says, by this seat before us."""

    def __init__(self) -> None:
        self.sent = 0
        self._kept: dict[int, ClientPacket] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, packet: ClientPacket) -> None:
        assert packet.generation > self.sent, "one packet per generation, in order"
        self.sent = packet.generation
        self._kept[packet.generation] = packet

    def confirm(self, packet: MasterPacket, seat: int) -> None:
        for late in packet.late:
            if late.seat == seat:
                self._kept.pop(late.generation, None)
        if seat not in packet.absent:
            for generation in [one for one in self._kept if one <= packet.generation]:
                del self._kept[generation]

    def welcome(self, heard: int) -> None:
        """The server has heard up to this generation. What it took and what says nothing
        that could be missed needs no keeping."""
        self.sent = max(self.sent, heard)
        for generation, packet in list(self._kept.items()):
            if generation <= heard and not packet.commands:
                del self._kept[generation]

    def skip(self, generation: int) -> None:
        """The turns up to this one are not told to us, and the server has heard our packets
        for them: what became of their commands stands in the room's log alone."""
        for known in [one for one in self._kept if one <= generation]:
            del self._kept[known]

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

    def empty(self, generation: int) -> tuple[ClientPacket, tuple[Command, ...]] | None:
        """The packet without its commands, which are given back: the server refused it
        as a whole. None when it is not kept any more."""
        packet = self._kept.get(generation)
        if packet is None:
            return None
        self._kept[generation] = bare = replace(packet, commands=(), signals=())
        return bare, packet.commands
