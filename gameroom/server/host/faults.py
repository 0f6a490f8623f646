"""Records the packets that have caused an internal error, and their senders.

Knows no sockets and no store. Such a packet is refused if its sender sends it again. Others can
still send an equal packet, because an empty packet, or a request to be ready, is the same for
everyone. A sender of two such packets within a minute is treated differently from one who was
merely unlucky.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from msgspec import structs

from gameroom.lockstep.packets import ClientPacket, untyped
from gameroom.lockstep.problem import Problem
from gameroom.room import Room, inputs

AGAIN_S = 60.0
PACKETS_MAX = 64
PEOPLE_MAX = 64

BAD_PACKET = Problem(
    422, "faulty_packet", "This packet caused an internal error before, so it is refused."
)


class Faults:
    """The latest internal errors of one room."""

    def __init__(self) -> None:
        self._packets: OrderedDict[bytes, None] = OrderedDict()
        self._seen: OrderedDict[str, float] = OrderedDict()

    def note(self, who: str, packets: Iterable[inputs.Packet], now_s: float) -> bool:
        """Record an internal error. who, packets: the sender and the packets that caused it; "" and
        none if time caused it. Returns whether it is the second one of this sender within a
        minute."""
        for packet in packets:
            self._packets[_digest(who, packet)] = None
            if len(self._packets) > PACKETS_MAX:
                self._packets.popitem(last=False)
        before = self._seen.pop(who, None)
        self._seen[who] = now_s
        if len(self._seen) > PEOPLE_MAX:
            self._seen.popitem(last=False)
        return before is not None and now_s - before < AGAIN_S

    @property
    def any_packet(self) -> bool:
        """Whether any packet is refused."""
        return bool(self._packets)

    def refused(self, who: str, packet: inputs.Packet) -> Problem | None:
        """The problem if this packet of this person is refused, otherwise None."""
        if self._packets and _digest(who, packet) in self._packets:
            return BAD_PACKET
        return None


@dataclass(frozen=True, slots=True)
class Trial:
    """A step that caused an internal error. It can be tried again in copies of the room.

    made: creates the room as it was before the step. here: the connected users. waiting: by user
    and generation, the packets that are not in a closed turn. open_turn: the generation that closes
    next. who, packet: the sender and the packet of the step, "" and None if time caused it.
    """

    made: Callable[[], Room]
    here: tuple[str, ...]
    waiting: Mapping[str, Mapping[int, ClientPacket]]
    open_turn: int
    who: str
    packet: inputs.Packet | None

    def culprit(self) -> tuple[str, tuple[inputs.Packet, ...]]:
        """The user who caused the error, and the packets; "" and none if time caused it.

        Usually this is the sender of the step's packet. But a turn closes with its last packet, or
        by time, and an earlier packet can be the cause. So if packets of others are waiting, the
        step is tried again with the packets of one suspect at a time.
        """
        at_hand = () if self.packet is None else (self.packet,)
        suspects: list[tuple[str, tuple[inputs.Packet, ...]]] = [(self.who, at_hand)]
        for user, packets in self.waiting.items():
            due = [one for at, one in sorted(packets.items()) if at <= self.open_turn]
            if any(one.commands or one.signals or one.checksum for one in due):
                suspects.append((user, tuple(due)))
        if len(suspects) > 1 and not self._fails(()):
            for suspect in suspects:
                if self._fails(suspect[1]):
                    return suspect
        return self.who, at_hand

    def _fails(self, said: tuple[inputs.Packet, ...]) -> bool:
        """Whether the step fails if, of all packets for turns, only these are not empty."""
        room = self.made()
        now = room.time
        given: list[tuple[str, inputs.Packet]] = [
            (user, one) for user, of in self.waiting.items() for _, one in sorted(of.items())
        ]
        if self.packet is not None:
            given.append((self.who, self.packet))
        # Give these first: otherwise the turn can close before the packet of a user who has just
        # come back.
        given.sort(key=lambda one: not _is_among(one[1], said))
        try:
            for user in self.here:
                room.receive(user, inputs.Connect(room.seq), now)
            for user, one in given:
                room.receive(user, one if _is_among(one, said) else _silenced(one), now)
            room.tick(now)
        except Exception:
            return True
        return False


def _is_among(packet: inputs.Packet, packets: tuple[inputs.Packet, ...]) -> bool:
    return any(packet is one for one in packets)


def _silenced(packet: inputs.Packet) -> inputs.Packet:
    """The same packet without its content for the turn."""
    return ClientPacket(packet.generation) if isinstance(packet, ClientPacket) else packet


def _digest(who: str, packet: inputs.Packet) -> bytes:
    if isinstance(packet, ClientPacket):
        packet = structs.replace(packet, commands=untyped(packet.commands))
    return hashlib.sha256(repr((who, packet)).encode(errors="surrogatepass")).digest()
