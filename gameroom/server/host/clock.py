"""The clock of a room, and the timer that calls the room."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gameroom.server.host.deadlines import Deadlines


class RoomClock:
    """The loop's monotonic clock with an offset, in whole milliseconds that never decrease. It
    continues at the time where the journal ends."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: int = 0) -> None:
        self._loop = loop
        self.start(start)

    def start(self, now: int) -> None:
        """Set the clock to `now`."""
        self._zero = self._loop.time() - now / 1000

    def now(self) -> int:
        """The room's time in milliseconds."""
        return int((self._loop.time() - self._zero) * 1000)

    def at(self, now: int) -> float:
        """The time of the loop's clock, in seconds, at the room's time `now`. Never too early by
        rounding."""
        return self._zero + now / 1000 + 0.0005


class RoomTimer:
    """Calls `ring` with the room's time when the last set time has come."""

    def __init__(
        self,
        clock: RoomClock,
        ring: Callable[[int], object],
        *,
        deadlines: Deadlines,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """deadlines: receives the times at which the timer rings."""
        self._clock = clock
        self._ring = ring
        self._deadlines = deadlines
        self._loop = loop
        self._due: int | None = None
        self._handle: asyncio.Handle | None = None
        self._rings_at = 0.0
        """By the loop's clock. We cannot ask the handle: for a time that is already due, uvloop
        returns one without `when`."""

    def set(self, at: int | None) -> None:
        """Ring at `at`, or never if None. An earlier handle of the loop is reused: most packets
        only postpone the time, and changing the loop's heap for each would be slow."""
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
        """Do not ring until the timer is set again."""
        self._due = None
        self._cancel()

    def _cancel(self) -> None:
        """Remove the handle, after it has rung or to prevent that."""
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
