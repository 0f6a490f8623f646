"""An index with limited memory: a sample of increasing (key, value) pairs, evenly spread.

A look-up returns the nearest pair below a key, and the caller continues from there. When the index
is full, every second pair is removed. So its size is constant, and a caller takes at most
n / (MARKS_MAX / 2) further steps, where n is the number of keys added.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right

MARKS_MAX = 256


class Marks:
    """Pairs of (key, value), added in increasing order of keys. stride: only keys that are
    multiples of it are kept."""

    def __init__(self, stride: int = 1, keys: tuple[int, ...] = (), values: tuple[int, ...] = ()):
        self.stride = stride
        self._keys = array("Q", keys)
        self._values = array("Q", values)

    def add(self, key: int, value: int) -> None:
        """Add this pair if the stride divides its key. Adding a known key changes nothing."""
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
        """The pair with the highest key that is not above this one, or None."""
        at = bisect_right(self._keys, key)
        return (self._keys[at - 1], self._values[at - 1]) if at else None

    def rows(self) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
        """The stride, the keys and the values, as the constructor takes them."""
        return self.stride, tuple(self._keys), tuple(self._values)
