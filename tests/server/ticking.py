"""An event loop whose rounds and timers the test calls."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable


class Ticking:
    """An event loop of which each `round` is one call here."""

    def __init__(self) -> None:
        self.now = 0.0
        self._ready: deque[Callable[[], object]] = deque()
        self.later: list[tuple[float, Callable[[], object]]] = []

    def time(self) -> float:
        return self.now

    def call_soon(self, call: Callable[[], object]) -> None:
        self._ready.append(call)

    def call_later(self, delay_s: float, call: Callable[[], object]) -> None:
        self.later.append((delay_s, call))

    def ring(self) -> float:
        """The timer that was set last; how long it was for."""
        delay_s, call = self.later.pop()
        call()
        return delay_s

    def round(self) -> None:
        for _ in range(len(self._ready)):
            self._ready.popleft()()
