"""What each session, and each address without one, may make the server do.

Knows buckets and limits; no HTTP and no sockets. One allowance belongs to a session however
many sockets and HTTP requests it uses, so reconnecting refills nothing. The rule it keeps:
client packets are paid from an allowance of their own, so nothing else that a client asks for
keeps its turns and checksums from being heard.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from gameroom.model import RoomFile, policies
from gameroom.model.policies import number
from gameroom.server.config import Limits
from gameroom.server.rates import Bucket

FRAME_BYTES = 1024
"""A frame counts once for every so many bytes that it begins."""

FRAME_US = 250
"""And once for every so many microseconds that it takes to read, where it is that long."""

HTTP_US = 500
"""What aiohttp takes to read a request and to write its answer, beside the answer's own cost."""

PIECE_US = 100
"""What a piece of a stream costs, beside its bytes."""

REQUEST_US = 100
"""What a request over a socket costs at least: it is paid before it waits for its answer."""

SOCKET_US = 2000
"""What a socket costs, from its handshake to its end, beside what is said on it."""

BYTES_PER_US = 1000
"""How many bytes of a body are moved to or from a transport in a microsecond."""


@dataclass(slots=True)
class Allowance:
    """One payer's buckets.

    frames: frames of a socket. work_us: the loop's time that requests take, in microseconds.
    connects: times that somebody connects. refusals: answers that say no more than to wait; they
    cost too.
    """

    frames: Bucket
    work_us: Bucket
    connects: Bucket
    refusals: Bucket


class Allowances:
    """All allowances of a server, the least lately used forgotten beyond `addresses_max`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._kept: OrderedDict[str, Allowance] = OrderedDict()

    def of_session(self, room: str, who: str, file: RoomFile) -> Allowance:
        """The allowance of a member. What the room file lets a player send is never refused."""
        limits, key = self._limits, f"session {room} {who}"
        if (found := self._known(key)) is not None:
            return found
        packets = packets_per_second(file)
        return self._keep(
            key,
            Allowance(
                Bucket((limits.frames_per_second + packets) * 60, limits.frames_burst + packets),
                Bucket(limits.session_ms_per_second * 60_000, limits.session_burst_ms * 1000),
                Bucket(limits.connects_per_minute, limits.connects_burst),
                Bucket(limits.refusals_per_minute, limits.refusals_burst),
            ),
        )

    def of_address(self, address: str) -> Allowance:
        """The allowance of all who come from an address and have no session."""
        limits, key = self._limits, f"address {address}"
        if (found := self._known(key)) is not None:
            return found
        return self._keep(
            key,
            Allowance(
                Bucket(limits.frames_per_second * 60, limits.frames_burst),
                Bucket(limits.address_ms_per_second * 60_000, limits.address_burst_ms * 1000),
                Bucket(limits.connects_per_minute, limits.connects_burst),
                Bucket(limits.refusals_per_minute, limits.refusals_burst),
            ),
        )

    def _known(self, key: str) -> Allowance | None:
        if (found := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
        return found

    def _keep(self, key: str, made: Allowance) -> Allowance:
        self._kept[key] = made
        if len(self._kept) > self._limits.addresses_max:
            self._kept.popitem(last=False)
        return made


def frames_in(size: int) -> int:
    """How many frames a frame of so many bytes counts for."""
    return 1 + size // FRAME_BYTES


def packets_per_second(file: RoomFile) -> int:
    """The frames that a player of this room may need for packets of the largest size, one in
    each of the shortest turns."""
    shortest_ms, _ = policies.times(file, "pace", "turn")
    return frames_in(number(file, "limits", "packet_bytes")) * 1000 // shortest_ms


def message_bytes(file: RoomFile, limits: Limits) -> int:
    """The longest frame or body of a request that a member of this room may send."""
    packet = number(file, "limits", "packet_bytes")
    # One that is a little too long is refused with a reason, and not with a close.
    return min(limits.frame_bytes_max, max(limits.request_bytes_max, packet * 5 // 4))
