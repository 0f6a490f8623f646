"""Which packets have brought up a fault of ours, and who sent them.

Knows no room. A packet that did is refused when it comes again, from whomever; somebody who
sends two such packets within a minute is told apart from somebody who was unlucky.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict

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

    def note(self, who: str, packet: inputs.Packet | None, now_s: float) -> bool:
        """A fault, with the packet that brought it up and its sender; "" and None for time.
        Says whether it is the second one of this sender within a minute."""
        if packet is not None:
            self._packets[_digest(packet)] = None
            if len(self._packets) > PACKETS_MAX:
                self._packets.popitem(last=False)
        before = self._seen.pop(who, None)
        self._seen[who] = now_s
        if len(self._seen) > PEOPLE_MAX:
            self._seen.popitem(last=False)
        return before is not None and now_s - before < AGAIN_S

    def refused(self, packet: inputs.Packet) -> Problem | None:
        """Why this packet is not given to the room, None when it is."""
        if self._packets and _digest(packet) in self._packets:
            return BAD_PACKET
        return None


def _digest(packet: inputs.Packet) -> bytes:
    return hashlib.sha256(repr(packet).encode(errors="surrogatepass")).digest()
