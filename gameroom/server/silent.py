"""Who has not said who they are yet, and which of them gives way when there are too many.

Knows no connection and no clock: items are hashable, and the order of the calls is the
order of time. Rule: whoever has the most gives way, with the one that was quiet for
longest; somebody with one item loses it only when nobody has two.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Silent(Generic[T]):
    """Items by key (an address, a session), each with its last sign of life. Every call is
    done in constant time."""

    def __init__(self, total_max: int, per_key_max: int) -> None:
        self._total_max = total_max
        self._per_key_max = per_key_max
        self._keys: dict[T, str] = {}
        self._items: dict[str, dict[T, None]] = {}
        """By key, the quietest first."""
        self._sizes: dict[int, dict[str, None]] = {}
        """The keys that have so many items, those that were touched last at the end."""
        self._largest = 0

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, item: T) -> bool:
        return item in self._keys

    def put(self, item: T, key: str) -> T | None:
        """Add an item, or note a sign of life of one; returns the one that gives way."""
        self.drop(item)
        self._keys[item] = key
        items = self._items.setdefault(key, {})
        self._move(key, len(items), len(items) + 1)
        items[item] = None
        if len(items) > self._per_key_max:
            return self._pop(key)
        return self.pop() if len(self._keys) > self._total_max else None

    def drop(self, item: T) -> None:
        """Take an item out, if it is here."""
        key = self._keys.pop(item, None)
        if key is None:
            return
        items = self._items[key]
        del items[item]
        self._move(key, len(items) + 1, len(items))
        if not items:
            del self._items[key]

    def pop(self) -> T | None:
        """Take out the one that gives way; None where there is nobody."""
        return self._pop(next(iter(self._sizes[self._largest]))) if self._keys else None

    def _pop(self, key: str) -> T:
        item = next(iter(self._items[key]))
        self.drop(item)
        return item

    def _move(self, key: str, old: int, new: int) -> None:
        """A key has `new` items, one more or one fewer than before."""
        if old:
            keys = self._sizes[old]
            del keys[key]
            if not keys:
                del self._sizes[old]
        if new:
            self._sizes.setdefault(new, {})[key] = None
        if new > self._largest or self._largest not in self._sizes:
            self._largest = new
