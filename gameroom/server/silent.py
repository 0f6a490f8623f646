"""Connections that have not identified themselves, and which of them to close at the limit.

Knows no connection and no clock: items are any hashable values, and the order of the calls is
the order of time. The rule: the key with the most items loses the one that was quiet for longest.
A key with a single item loses it only if no key has two.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Silent(Generic[T]):
    """Items grouped by key (an address, a session), ordered by their last sign of life. Every call
    takes constant time."""

    def __init__(self, total_max: int, per_key_max: int) -> None:
        self._total_max = total_max
        self._per_key_max = per_key_max
        self._keys: dict[T, str] = {}
        self._items: dict[str, dict[T, None]] = {}
        """The items of each key, the longest quiet first."""
        self._sizes: dict[int, dict[str, None]] = {}
        """For each number of items, the keys with this many, the last changed key at the end."""
        self._largest = 0

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, item: T) -> bool:
        return item in self._keys

    def put(self, item: T, key: str) -> T | None:
        """Add an item, or record its sign of life. Returns the item to close, if there is one."""
        self.drop(item)
        self._keys[item] = key
        items = self._items.setdefault(key, {})
        self._move(key, len(items), len(items) + 1)
        items[item] = None
        if len(items) > self._per_key_max:
            return self._pop(key)
        return self.pop() if len(self._keys) > self._total_max else None

    def drop(self, item: T) -> None:
        """Remove an item. An unknown item changes nothing."""
        key = self._keys.pop(item, None)
        if key is None:
            return
        items = self._items[key]
        del items[item]
        self._move(key, len(items) + 1, len(items))
        if not items:
            del self._items[key]

    def pop(self) -> T | None:
        """Remove and return the item to close next, or None if there are no items."""
        return self._pop(next(iter(self._sizes[self._largest]))) if self._keys else None

    def _pop(self, key: str) -> T:
        item = next(iter(self._items[key]))
        self.drop(item)
        return item

    def _move(self, key: str, old: int, new: int) -> None:
        """Record that a key has `new` items instead of `old`, one more or one fewer."""
        if old:
            keys = self._sizes[old]
            del keys[key]
            if not keys:
                del self._sizes[old]
        if new:
            self._sizes.setdefault(new, {})[key] = None
        if new > self._largest or self._largest not in self._sizes:
            self._largest = new
