"""When the next turn starts, so that turns start evenly although they arrive unevenly.

Knows no packets: times in whole milliseconds come in. The twin of `Timing` in
web/sdk/timing.js. A turn follows the one before after turn_ms; how long packets wait before
they are played is watched, and the least wait of the last turns is held at about twice the
jitter by playing up to a tenth faster or slower. So a player whom one late packet has held
up does not stay behind, where the packets that it sends would come late too.
"""

from __future__ import annotations

from collections import deque

WAITS = 32
WAITS_MIN = 8
"""So many turns must have been played evenly before we know how long they wait."""

LATE_MS = 20
"""Timers are late by so much; what is later was not there."""

SHARE = 16
"""RFC 3550's estimate of the jitter moves by this part of each difference."""


class Timing:
    def __init__(self) -> None:
        self._started: int | None = None
        self._arrived: int | None = None
        self._jitter = 0  # in SHAREs of a millisecond
        self._waits: deque[int] = deque(maxlen=WAITS)

    def rest(self) -> None:
        """Turns stood still: nothing that follows continues what was."""
        self._started = self._arrived = None

    def arrived(self, turn_ms: int, now: int) -> None:
        """A turn has come."""
        if self._arrived is not None:
            off = abs(now - self._arrived - turn_ms)
            if off < 3 * turn_ms:  # a long gap is a pause and no jitter
                self._jitter += off - self._jitter // SHARE
        self._arrived = now

    def wanted(self, turn_ms: int) -> int:
        """How long turns should wait at least."""
        return min(2 * self._jitter // SHARE + 2, turn_ms // 2)

    def start_at(self, turn_ms: int, now: int) -> int:
        """When the next turn starts, if it is there."""
        if self._started is None:
            return now
        wanted = self.wanted(turn_ms)
        least = wanted if len(self._waits) < WAITS_MIN else min(self._waits)
        shift = (wanted - least) // 4
        return self._started + turn_ms + max(-turn_ms // 10, min(turn_ms // 10, shift))

    def started(self, arrived: int, due: int, now: int) -> None:
        """A turn that came at `arrived` and was due at `due` is played now."""
        if now - due < LATE_MS:
            # Count from when it was due, or the timers' lateness adds up.
            self._started = due
        else:
            # What was waited before says nothing about what will be waited from now on.
            self._started = now
            self._waits.clear()
        self._waits.append(now - arrived)
