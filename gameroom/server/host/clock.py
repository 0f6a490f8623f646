"""A room's time: whole milliseconds that never fall, going on where a journal ended."""

from __future__ import annotations

import asyncio


class RoomClock:
    """The loop's monotonic clock, shifted so that the room's time starts at `start`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: int = 0) -> None:
        self._loop = loop
        self._zero = loop.time() - start / 1000

    def now(self) -> int:
        """Milliseconds of this room's time."""
        return int((self._loop.time() - self._zero) * 1000)

    def at(self, now: int) -> float:
        """When the loop's clock shows what is `now` here; never too early by rounding."""
        return self._zero + now / 1000 + 0.0005
