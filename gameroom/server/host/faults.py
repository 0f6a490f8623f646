"""Which packets have brought up a fault of ours, and who sent them.

Knows no sockets and no store. A packet that did is refused when its sender sends it again. Others
may send an equal one: an empty packet, or a wish to be ready, is the same from everybody. Somebody
who sends two such packets within a minute is told apart from somebody who was unlucky.
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
    """The faults of one room, the latest ones."""

    def __init__(self) -> None:
        self._packets: OrderedDict[bytes, None] = OrderedDict()
        self._seen: OrderedDict[str, float] = OrderedDict()

    def note(self, who: str, packets: Iterable[inputs.Packet], now_s: float) -> bool:
        """A fault, with the packets that brought it up and their sender; "" and none for time.
        Says whether it is the second one of this sender within a minute."""
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
        """Whether there is a packet that is refused."""
        return bool(self._packets)

    def refused(self, who: str, packet: inputs.Packet) -> Problem | None:
        """Why this packet of this person is not given to the room, None when it is."""
        if self._packets and _digest(who, packet) in self._packets:
            return BAD_PACKET
        return None


@dataclass(frozen=True, slots=True)
class Trial:
    """A step that was a fault, to be tried again in rooms that are made for that.

    made: makes the room as it was before the step. here: who is connected. waiting: by user and
    generation, the packets that no closed turn holds. open_turn: the generation that closes next.
    who, packet: what was at hand, "" and None for time.
    """

    made: Callable[[], Room]
    here: tuple[str, ...]
    waiting: Mapping[str, Mapping[int, ClientPacket]]
    open_turn: int
    who: str
    packet: inputs.Packet | None

    def culprit(self) -> tuple[str, tuple[inputs.Packet, ...]]:
        """Who brought up the fault, and with which packets; "" and none where it was time.

        Mostly that is the sender of the packet at hand. But a turn closes with the last packet,
        or by time, and what is wrong may have come before: so where others wait, the step is
        tried with what one suspect has said at a time.
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
        """Whether the step fails where of the packets for turns only these say anything."""
        room = self.made()
        now = room.time
        given: list[tuple[str, inputs.Packet]] = [
            (user, one) for user, of in self.waiting.items() for _, one in sorted(of.items())
        ]
        if self.packet is not None:
            given.append((self.who, self.packet))
        # First what is said: a turn may close before somebody who has just come back is heard.
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
    """The same without what it says for its turn."""
    return ClientPacket(packet.generation) if isinstance(packet, ClientPacket) else packet


def _digest(who: str, packet: inputs.Packet) -> bytes:
    if isinstance(packet, ClientPacket):
        packet = structs.replace(packet, commands=untyped(packet.commands))
    return hashlib.sha256(repr((who, packet)).encode(errors="surrogatepass")).digest()
