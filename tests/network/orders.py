"""What somebody who plays archers sends: orders to groups, now and then, sometimes in haste.

Knows no network: dice in, commands out. The bodies are those of rooms/archers.
"""

from __future__ import annotations

from gameroom.lockstep.packets import Command
from gameroom.lockstep.random import Random

GAP_MS = (1_000, 2_500)
"""Between two orders: one every 1.5 to 2 seconds, as "1500 Archers on a 28.8" counted."""

HASTE_MS = (250, 350)
"""And three or four a second in the heat of the battle, which is every eighth order."""

HASTE_ORDERS = 4
FIELD = 2_048
WORD_BITS = 32


class Orders:
    """The orders of one army of `archers`, of `total` on the field."""

    def __init__(self, dice: Random, archers: int, total: int) -> None:
        self._dice = dice
        self._archers = archers
        self._total = total
        self._hasty = 0

    def gap_ms(self) -> int:
        """How long until the next order."""
        if self._hasty == 0 and self._dice.below(8) == 0:
            self._hasty = HASTE_ORDERS
        low, high = HASTE_MS if self._hasty else GAP_MS
        self._hasty = max(0, self._hasty - 1)
        return low + self._dice.below(high - low + 1)

    def next(self) -> Command:
        """Mostly marches and attacks of a group; now and then the whole army."""
        kind, units = self._dice.below(10), self._group()
        if kind == 0:
            return Command("halt", {"units": units})
        if kind <= 3:
            return Command("attack", {"units": units, "target": self._dice.below(self._total)})
        place = {"x": self._dice.below(FIELD), "y": self._dice.below(FIELD)}
        return Command("move" if kind <= 8 else "run", {"units": units, **place})

    def _group(self) -> list[int]:
        """A bit mask: those who stand together in the ranks, some of whom have fallen."""
        whole = self._dice.below(10) == 0
        size = self._archers if whole else 5 + self._dice.below(40)
        first = 0 if whole else self._dice.below(self._archers - size + 1)
        words = [0] * ((first + size - 1) // WORD_BITS + 1)
        for archer in range(first, first + size):
            words[archer // WORD_BITS] |= (self._dice.below(8) > 0) << archer % WORD_BITS
        return words
