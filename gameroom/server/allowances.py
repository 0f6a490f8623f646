"""Limits how much work each session, and each address without a session, can cause.

Knows buckets and limits, but no HTTP and no sockets. A session has one allowance for all its
sockets and HTTP requests, so reconnecting does not refill it. The rule: client packets have a
separate bucket, so a client's other requests never block its turns and checksums.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from gameroom.model import RoomFile, policies
from gameroom.model.policies import number
from gameroom.server.config import Limits
from gameroom.server.rates import Bucket

FRAME_BYTES = 1024
"""A frame counts as one more frame for each time this many bytes."""

FRAME_US = 250
"""A frame that takes long to read also counts as one frame per this time, in microseconds."""

HTTP_US = 500
"""The time that aiohttp needs to read a request and write its answer, in addition to the cost of
the answer itself."""

PIECE_US = 100
"""The cost of a piece of a stream, in addition to its bytes."""

REQUEST_US = 100
"""The minimum cost of a request over a socket. It is charged before the request waits for its
answer."""

SOCKET_US = 2000
"""The cost of a socket from its handshake to its end, in addition to the frames on it."""

BYTES_PER_US = 1000
"""How many bytes of a body move to or from a transport in a microsecond."""


@dataclass(slots=True)
class Allowance:
    """The buckets of one payer, i.e. a session or an address.

    frames: frames over sockets. work_us: the event loop's time for requests, in microseconds.
    connects: connections. refusals: answers that only ask the client to wait; they cost time too.
    """

    frames: Bucket
    work_us: Bucket
    connects: Bucket
    refusals: Bucket


class Allowances:
    """All allowances of a server. Beyond `addresses_max`, the least recently used is removed."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._kept: OrderedDict[str, Allowance] = OrderedDict()

    def of_session(self, room: str, who: str, file: RoomFile) -> Allowance:
        """The allowance of a member. It always covers the packets that the room file allows."""
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
        """The allowance of all requests from an address without a session."""
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
    """How many frames a frame of `size` bytes counts as."""
    return 1 + size // FRAME_BYTES


def packets_per_second(file: RoomFile) -> int:
    """The frames per second that a player of this room can need: one packet of the maximum size in
    each turn, with the shortest turns."""
    shortest_ms, _ = policies.times(file, "pace", "turn")
    return frames_in(number(file, "limits", "packet_bytes")) * 1000 // shortest_ms


def message_bytes(file: RoomFile, limits: Limits) -> int:
    """The maximum size in bytes of a frame or request body from a member of this room."""
    packet = number(file, "limits", "packet_bytes")
    # A packet that is slightly too long gets a refusal with a reason instead of a close.
    return min(limits.frame_bytes_max, max(limits.request_bytes_max, packet * 5 // 4))
