"""The last events of a room as bytes: what somebody who comes back is sent.

Knows no socket and no journal. A frame is made once for each subprotocol that somebody
speaks, and lives as long as its event is kept here. The limit counts all that is held.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameroom.lockstep.packets import Event

EVENT_BYTES = 256
"""What an event takes beside the bytes of its frames, measured."""


@dataclass(slots=True)
class Told:
    """An event's frames, ready for a transport.

    at: when it happened, by the room's time in milliseconds. event: only while it is being
    told; the msgpack frame says the same. counted: what `Recent` has reckoned for it.
    """

    seq: int
    at: int
    msgpack: bytes | None = None
    json: bytes | None = None
    event: Event | None = None
    counted: int = 0


class Recent:
    """Events without a gap, the oldest forgotten when all are over `bytes_max`."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._told: list[Told | None] = []
        """The forgotten ones at the front are None; the list is cut now and then."""
        self._start = 0
        self._last = 0
        self._bytes = 0

    def add(self, told: Told) -> None:
        """Keep an event that follows the last one."""
        assert not self._told or told.seq == self._last + 1, "a gap"
        self._told.append(told)
        self._last = told.seq
        self.count(told)

    def count(self, told: Told) -> None:
        """Reckon the frames that were made by now, and let go of what is too old."""
        size = EVENT_BYTES + len(told.msgpack or b"") + len(told.json or b"")
        self._bytes += size - told.counted
        told.counted = size
        while self._bytes > self._bytes_max and self._start < len(self._told) - 1:
            oldest = self._told[self._start]
            assert oldest is not None, "only the front is forgotten"
            self._bytes -= oldest.counted
            self._told[self._start] = None
            self._start += 1
        if self._start > 64 and self._start * 2 > len(self._told):
            del self._told[: self._start]
            self._start = 0

    def after(self, seq: int) -> list[Told] | None:
        """All events after `seq`; None when some of them are no longer kept."""
        if not self._told:
            return None
        behind = self._last - seq
        if behind <= 0:
            return []
        if behind > len(self._told) - self._start:
            return None
        return [told for told in self._told[-behind:] if told is not None]
