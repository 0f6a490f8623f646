"""Virtual time: what happens when, in milliseconds. Nothing here waits.

It knows no world. The rule it keeps: what is due at the same moment happens in the order in
which it was asked for, so equal worlds have equal days.
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
        """Do it then; what is in the past is done next."""
        heapq.heappush(self._heap, (max(when, self.now), next(self._order), do))

    def after(self, ms: int, do: Do) -> None:
        self.at(self.now + ms, do)

    def run(self, end: int, until: Callable[[], bool]) -> None:
        """Let time pass up to `end`, or until this is true."""
        while self._heap and self._heap[0][0] <= end:
            if until():
                return
            self.now, _, do = heapq.heappop(self._heap)
            do()
        if not until():
            self.now = max(self.now, end)
