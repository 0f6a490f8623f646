"""The player's commands until the room has confirmed them: queued, then in packets.

Knows no network and no engine; `web/sdk/outbox.js` is its twin. A packet is confirmed when a master
packet of its generation or a later one does not list our seat as absent (packets are heard in
order), or when a `late` mark names it. Until then it is kept, because a connection may be lost with
it on the way.

Another program may have played this seat meanwhile, and the packet that the room heard may be
that one's. So packets whose commands have ids are sent once more after every return, whatever was
heard: what the room has it knows by the ids, and what it never had it names, for the next packet.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from msgspec import structs

from gameroom.lockstep.canonical import canonical
from gameroom.lockstep.packets import Checksum, ClientPacket, Command, MasterPacket, SignalReport
from gameroom.model import INT_MAX, Value
from gameroom.wire import ClientPolicy, Rejection

COMMANDS_QUEUED_MAX = 4096
HEAD_BYTES = 512
"""More than a packet without commands and signals has, in either subprotocol."""
ID_BYTES = 17
"""What an id costs at most, in either subprotocol."""
SETTLED_MAX = 64
"""Packets with commands that are remembered after they were confirmed."""

CommandWithId = tuple[int, Command]
"""A command of the player with its id, 0 for none."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A command of ours that every engine applied at `generation`."""

    generation: int
    command: Command


class Outbox:
    """sent: the highest generation of which a packet was made, by us or, as the server
    says, by this seat before us."""

    def __init__(self, policy: ClientPolicy) -> None:
        self.sent = 0
        self._policy = policy
        self._queue: deque[CommandWithId] = deque()
        """No packet carries these yet."""
        self._kept: dict[int, ClientPacket] = {}
        self._settled: dict[int, ClientPacket] = {}

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def waiting(self) -> int:
        """Commands that are queued or on their way: neither confirmed nor refused."""
        return len(self._queue) + sum(len(packet.commands) for packet in self._kept.values())

    def queue(self, command: Command, id_: int) -> None:
        """For the first packet that is still to be made. Raises ValueError where too many wait."""
        if len(self._queue) >= COMMANDS_QUEUED_MAX:
            raise ValueError(f"too many commands are waiting; the limit is {COMMANDS_QUEUED_MAX}")
        self._queue.append((id_, command))

    def packet(
        self,
        generation: int,
        *,
        checksum: Checksum | None,
        latency: int,
        framerate: int,
        signals: tuple[SignalReport, ...],
    ) -> ClientPacket:
        """The packet for a generation, kept from now on. The queued commands ride in it, as many as
        one may carry."""
        assert generation > self.sent, "one packet per generation, in order"
        room = self._policy.packet_bytes - HEAD_BYTES
        riding = self._riding(room - sum(_size(one.name, one.body) for one in signals))
        ids = tuple(id_ for id_, _ in riding)
        packet = ClientPacket(
            generation,
            tuple(command for _, command in riding),
            checksum,
            latency,
            framerate,
            signals,
            ids if any(ids) else (),
        )
        self.sent = generation
        self._kept[generation] = packet
        return packet

    def _riding(self, room: int) -> tuple[CommandWithId, ...]:
        """room: for so many bytes of commands."""
        riding: list[CommandWithId] = []
        while self._queue and len(riding) < self._policy.commands_per_turn:
            _, command = self._queue[0]
            room -= _size(command.name, command.body) + ID_BYTES
            if riding and room < 0:
                break
            riding.append(self._queue.popleft())
        return tuple(riding)

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

    def rejected(self, rejection: Rejection) -> tuple[bool, ClientPacket | None]:
        """Whether the room really refuses something, and the packet to send once more, if any. It
        is not a refusal where the room already had the command, or never had it and takes it with
        the next packet."""
        code, generation = rejection.problem.code, rejection.generation
        if rejection.index is None:
            is_missed = code == "too_late"
            may_ride = is_missed or rejection.problem.retry_after_ms is not None
            return not is_missed, self._emptied(generation, again=may_ride)
        if code == "too_late":
            return not self._missed(generation, rejection.index), None
        return code != "repeated_command", None

    def _missed(self, generation: int, index: int) -> bool:
        """The room never had this command: another packet was taken for this generation, and
        none of ours will be. It rides in the next one. Whether it is known."""
        self._settle((generation,))
        packet = self._settled.get(generation)
        if packet is None or not 0 <= index < len(packet.commands):
            return False
        self._queue.appendleft(_with_ids(packet)[index])
        return True

    def _emptied(self, generation: int, *, again: bool) -> ClientPacket | None:
        """A packet was refused as a whole: it stays without its commands, so that its turn does not
        wait for us. again: they ride in the next one. The packet to send in its place, if any."""
        packet = self._kept.get(generation)
        if packet is None:
            return None
        self._kept[generation] = bare = structs.replace(packet, commands=(), signals=(), ids=())
        if again:
            self._queue.extendleft(reversed(_with_ids(packet)))
        return bare if packet.commands and not again else None


def _with_ids(packet: ClientPacket) -> tuple[CommandWithId, ...]:
    """The commands of a packet, each with its id."""
    ids = packet.ids or (0,) * len(packet.commands)
    return tuple(zip(ids, packet.commands, strict=True))


def _size(name: str, body: Mapping[str, Value]) -> int:
    """The bytes of a command or a signal on the wire, at most."""
    return len(canonical({"generation": INT_MAX, "name": name, "body": dict(body)}))
