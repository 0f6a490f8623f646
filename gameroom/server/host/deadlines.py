"""The next deadlines of all rooms on one loop, so that no long work starts just before one.

Knows no room. Deadlines are counted per millisecond of the loop's clock, so every call takes
constant time for any number of rooms.
"""

from __future__ import annotations

from collections import Counter

LATE_MS = 5
"""Deadlines that passed longer ago are ignored: their timer is late for some reason other than an
answer."""


class Deadlines:
    """A collection of times of the loop's clock, in seconds. Remove each time that you add."""

    def __init__(self) -> None:
        self._slots: Counter[int] = Counter()

    def add(self, when: float) -> None:
        self._slots[int(when * 1000)] += 1

    def remove(self, when: float) -> None:
        slot = int(when * 1000)
        self._slots[slot] -= 1
        if not self._slots[slot]:
            del self._slots[slot]

    def near(self, now: float, within_ms: int) -> bool:
        """Whether a deadline is due now or within the next `within_ms` milliseconds."""
        at = int(now * 1000)
        return any(slot in self._slots for slot in range(at - LATE_MS, at + within_ms + 1))
