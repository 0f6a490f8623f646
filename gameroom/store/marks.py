"""A growing table of rising pairs in bounded memory: some of them, evenly spread.

Whoever looks something up goes on from the nearest pair below. When there are too many,
every second one goes, so a table of any length costs the same and a look-up at most its
length divided by MARKS_MAX / 2 steps.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right

MARKS_MAX = 256


class Marks:
    """Pairs of (key, value); keys come in rising order. `stride`: a key that it does not
    divide is not kept."""

    def __init__(self, stride: int = 1, keys: tuple[int, ...] = (), values: tuple[int, ...] = ()):
        self.stride = stride
        self._keys = array("Q", keys)
        self._values = array("Q", values)

    def add(self, key: int, value: int) -> None:
        """Keep this pair if it is one of those that are kept. A known key changes nothing."""
        if key % self.stride or (self._keys and key <= self._keys[-1]):
            return
        self._keys.append(key)
        self._values.append(value)
        if len(self._keys) > MARKS_MAX:
            self.stride *= 2
            kept = [n for n, one in enumerate(self._keys) if one % self.stride == 0]
            self._keys = array("Q", [self._keys[n] for n in kept])
            self._values = array("Q", [self._values[n] for n in kept])

    def before(self, key: int) -> tuple[int, int] | None:
        """The kept pair with the highest key up to this one."""
        at = bisect_right(self._keys, key)
        return (self._keys[at - 1], self._values[at - 1]) if at else None

    def rows(self) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
        """The stride, the keys and the values: what the constructor takes."""
        return self.stride, tuple(self._keys), tuple(self._values)
