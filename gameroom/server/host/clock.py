"""A room's time, and the one timer that wakes the room up by it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gameroom.server.host.deadlines import Deadlines


class RoomClock:
    """The loop's monotonic clock, shifted: whole milliseconds that never fall, going on where a
    journal ended."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: int = 0) -> None:
        self._loop = loop
        self.start(start)

    def start(self, now: int) -> None:
        """It is `now`."""
        self._zero = self._loop.time() - now / 1000

    def now(self) -> int:
        """Milliseconds of this room's time."""
        return int((self._loop.time() - self._zero) * 1000)

    def at(self, now: int) -> float:
        """When the loop's clock shows what is `now` here; never too early by rounding."""
        return self._zero + now / 1000 + 0.0005


class RoomTimer:
    """Calls `ring` with the room's time once the time that was set last has come."""

    def __init__(
        self,
        clock: RoomClock,
        ring: Callable[[int], object],
        *,
        deadlines: Deadlines,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """deadlines: where to note when it rings."""
        self._clock = clock
        self._ring = ring
        self._deadlines = deadlines
        self._loop = loop
        self._due: int | None = None
        self._handle: asyncio.Handle | None = None
        self._rings_at = 0.0
        """By the loop's clock. A handle need not know: uvloop gives one without `when` for what is
        due already."""

    def set(self, at: int | None) -> None:
        """Ring at `at`, or not at all. A handle that rings before that is left as it is: most
        packets only move the time on, and the loop's heap should not hear of each."""
        if at == self._due and self._handle is not None:
            return
        self._due = at
        if at is None:
            return
        when = self._clock.at(at)
        if self._handle is not None:
            if self._rings_at <= when:
                return
            self._cancel()
        self._rings_at = when
        self._handle = self._loop.call_at(when, self._rang)
        self._deadlines.add(when)

    def stop(self) -> None:
        """Never ring, until it is set again."""
        self._due = None
        self._cancel()

    def _cancel(self) -> None:
        """The handle has rung, or is not to ring."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
            self._deadlines.remove(self._rings_at)

    def _rang(self) -> None:
        self._cancel()
        if self._due is None:
            return
        now = self._clock.now()
        if now < self._due:
            self.set(self._due)
        else:
            self._ring(now)
