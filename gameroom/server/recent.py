"""The last events of a room, with their bytes: what somebody who comes back is sent.

Knows no socket and no journal. A frame is made once for each subprotocol that somebody
speaks, and lives as long as its event is kept here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gameroom.lockstep.packets import Event

EVENT_BYTES = 256
"""What an event is reckoned to take beside its frames."""


@dataclass(slots=True)
class Told:
    """An event and its frames by subprotocol, ready for a transport."""

    event: Event
    at: int
    """When it happened, by the room's time in milliseconds."""
    frames: dict[str, bytes] = field(default_factory=dict)
    counted: int = 0
    """What `Recent` has reckoned for it."""


class Recent:
    """Events without a gap, the oldest forgotten when all are over `bytes_max`."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._told: list[Told] = []
        self._start = 0
        """Where the kept ones start: the list is cut now and then, not with each event."""
        self._bytes = 0

    def add(self, told: Told) -> None:
        """Keep an event that follows the last one."""
        assert not self._told or told.event.seq == self._told[-1].event.seq + 1, "a gap"
        self._told.append(told)
        self.count(told)

    def count(self, told: Told) -> None:
        """Reckon the frames that were made by now, and let go of what is too old."""
        size = EVENT_BYTES + sum(map(len, told.frames.values()))
        self._bytes += size - told.counted
        told.counted = size
        while self._bytes > self._bytes_max and self._start < len(self._told) - 1:
            self._bytes -= self._told[self._start].counted
            self._start += 1
        if self._start > 1024 and self._start * 2 > len(self._told):
            del self._told[: self._start]
            self._start = 0

    def after(self, seq: int) -> list[Told] | None:
        """All events after `seq`; None when some of them are no longer kept."""
        if not self._told:
            return None
        behind = self._told[-1].event.seq - seq
        if behind <= 0:
            return []
        if behind > len(self._told) - self._start:
            return None
        return self._told[-behind:]
