"""Which packets have brought up a fault of ours, and who sent them.

Knows no room. A packet that did is refused when its sender sends it again. Others may send an equal
one: an empty packet, or a wish to be ready, is the same from everybody. Somebody who sends two such
packets within a minute is told apart from somebody who was unlucky.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable

from gameroom.lockstep.problem import Problem
from gameroom.room import inputs

AGAIN_S = 60.0
PACKETS_MAX = 64
PEOPLE_MAX = 64

BAD_PACKET = Problem(
    422, "faulty_packet", "This packet brought up a fault of the server before: it is not taken."
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

    def refused(self, who: str, packet: inputs.Packet) -> Problem | None:
        """Why this packet of this person is not given to the room, None when it is."""
        if self._packets and _digest(who, packet) in self._packets:
            return BAD_PACKET
        return None


def _digest(who: str, packet: inputs.Packet) -> bytes:
    return hashlib.sha256(repr((who, packet)).encode(errors="surrogatepass")).digest()
