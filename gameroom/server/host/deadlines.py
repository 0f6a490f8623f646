"""When the rooms of one loop are to be looked at next: so that nothing long begins just before.

Knows no room. Milliseconds of the loop's clock, counted in slots of one: whatever many rooms
note or ask costs the same.
"""

from __future__ import annotations

from collections import Counter

LATE_MS = 5
"""A deadline that has passed for longer than this is no longer looked at: its timer was late, and
something else than an answer must have held it up."""


class Deadlines:
    """Times of a loop's clock, in seconds; each is added once and removed once."""

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
        """Whether one of them is due, or will be within so many milliseconds."""
        at = int(now * 1000)
        return any(slot in self._slots for slot in range(at - LATE_MS, at + within_ms + 1))
