"""A virtual clock in milliseconds, which runs scheduled calls without waiting.

It knows no simulation. The rule: calls for the same moment run in the order in which they were
scheduled, so equal simulations have equal runs.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

Do = Callable[[], None]


class VirtualClock:
    def __init__(self) -> None:
        self.now = 0
        self._order = count()
        self._heap: list[tuple[int, int, Do]] = []

    def at(self, when: int, do: Do) -> None:
        """Schedule a call. A call in the past runs next."""
        heapq.heappush(self._heap, (max(when, self.now), next(self._order), do))

    def after(self, ms: int, do: Do) -> None:
        self.at(self.now + ms, do)

    def run(self, end: int, until: Callable[[], bool]) -> None:
        """Advance the time up to `end`, or until `until()` is true."""
        while self._heap and self._heap[0][0] <= end:
            if until():
                return
            self.now, _, do = heapq.heappop(self._heap)
            do()
        if not until():
            self.now = max(self.now, end)
