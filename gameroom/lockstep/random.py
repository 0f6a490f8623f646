"""The kit's seeded random generator and integer mathematics, in Python.

The twin of `Random`, `isqrt`, `sin`, `cos` and `atan2` in web/kit.js, for replicas and bots: the
same seed gives the same numbers on both sides (tests/vectors/kit.json). Knows no source of
entropy: the caller provides the seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import Self, TypeVar

from gameroom.model import INT_MAX

__all__ = ["ONE", "TURN", "Random", "atan2", "cos", "isqrt", "sin"]

Item = TypeVar("Item")

WORD = 2**32
MASK = WORD - 1

TURN = 1024
"""Angles are whole numbers. A full circle is TURN."""

ONE = 65536
"""sin and cos are scaled by this factor."""


class Random:
    """The generator sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, 32 bits of output.

    Seeded as in PractRand: a = 0, b and c are the low and high words of the seed, the counter is
    1, and the first 12 outputs are discarded. Raises ValueError if the seed is not from 0 to
    2^53 - 1.
    """

    __slots__ = ("_a", "_b", "_c", "_counter")

    def __init__(self, seed: int = 0) -> None:
        if not 0 <= seed <= INT_MAX:
            raise ValueError(f"a seed must be a whole number from 0 to 2^53 - 1, not {seed}")
        self._a, self._b, self._c, self._counter = 0, seed & MASK, seed >> 32, 1
        for _ in range(12):
            self.next()

    def next(self) -> int:
        """Return the next uint32."""
        out = (self._a + self._b + self._counter) & MASK
        self._counter = (self._counter + 1) & MASK
        self._a = self._b ^ (self._b >> 9)
        self._b = (self._c + (self._c << 3)) & MASK
        self._c = (((self._c << 21) | (self._c >> 11)) + out) & MASK
        return out

    def below(self, n: int) -> int:
        """Return a whole number 0 <= x < n, uniformly distributed. Raises ValueError unless
        1 <= n <= 2^32."""
        if not 1 <= n <= WORD:
            raise ValueError(f"below(n) needs a whole number from 1 to 2^32, not {n}")
        whole = WORD - WORD % n
        drawn = self.next()
        while drawn >= whole:
            drawn = self.next()
        return drawn % n

    def between(self, low: int, high: int) -> int:
        """Return a whole number low <= x <= high, uniformly distributed."""
        return low + self.below(high - low + 1)

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one item of a sequence, which must not be empty."""
        return items[self.below(len(items))]

    def shuffle(self, items: list[Item]) -> list[Item]:
        """Shuffle the list in place (Fisher and Yates) and return it."""
        for i in range(len(items) - 1, 0, -1):
            j = self.below(i + 1)
            items[i], items[j] = items[j], items[i]
        return items

    def state(self) -> list[int]:
        """Return the whole state: four uint32."""
        return [self._a, self._b, self._c, self._counter]

    def restore(self, state: Sequence[int]) -> Self:
        """Continue from a state that `state()` returned, and return self. Raises ValueError if it
        is not four uint32."""
        if len(state) != 4 or any(not 0 <= word < WORD for word in state):
            raise ValueError("the state of Random must be four uint32")
        self._a, self._b, self._c, self._counter = state
        return self


def _quarter() -> tuple[int, ...]:
    """Return the sine of a quarter circle, scaled by ONE. A point is rotated step by step with 26
    bits of precision and rounded in the same way as in kit.js."""
    half, scale = 2**25, 2**26
    step_sin, step_cos = 411772, 67107601
    table, s, c = [], 0, scale
    for _ in range(TURN // 4 + 1):
        table.append((s + 512) // 1024)
        s, c = (
            (s * step_cos + c * step_sin + half) // scale,
            (c * step_cos - s * step_sin + half) // scale,
        )
    return tuple(table)


_QUARTER = _quarter()


def sin(angle: int) -> int:
    """Return the sine of any whole angle, scaled by ONE."""
    quarter, within = divmod(angle % TURN, 256)
    size = _QUARTER[256 - within] if quarter & 1 else _QUARTER[within]
    return -size if quarter & 2 else size


def cos(angle: int) -> int:
    """Return the cosine of any whole angle, scaled by ONE."""
    return sin(angle + TURN // 4)


def atan2(y: int, x: int) -> int:
    """Return the direction of (x, y) as an angle from 0 to TURN - 1, rounded down; 0 for (0, 0)."""
    if x == 0 and y == 0:
        return 0
    across, up, base = x, y, 0
    if x <= 0 and y > 0:
        across, up, base = y, -x, 256
    elif x < 0 and y <= 0:
        across, up, base = -x, -y, 512
    elif x >= 0 and y < 0:
        across, up, base = -y, x, 768
    low, high = 0, 255
    while low < high:
        middle = (low + high + 1) // 2
        if _QUARTER[middle] * across <= _QUARTER[256 - middle] * up:
            low = middle
        else:
            high = middle - 1
    return base + low
