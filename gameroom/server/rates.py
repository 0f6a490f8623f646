"""Token buckets, which limit how often a client can do something and at what cost.

Knows no clock: `now` is an argument in milliseconds. Counts in whole 60,000ths of a token (the
milliseconds of a minute), so that refilling never rounds.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

READY = 8
"""How many tokens move from the level of a well filled bucket to `ready` at a time."""


@dataclass(slots=True)
class Bucket:
    """Contains up to `burst` tokens and gains `per_minute` of them each minute."""

    per_minute: int
    burst: int
    level: int = -1
    """In 60,000ths of a token, without `ready`. Negative means debt. Undefined before `at`."""
    ready: int = 0
    """Tokens already subtracted from the level. You can take one here without knowing the time."""
    at: int | None = None
    """When the level was last updated. None before the first use: then the bucket is full."""

    def take(self, now: int, cost: int = 1) -> int:
        """Take `cost` tokens. Returns 0 on success, else the milliseconds until there are enough.

        A full bucket grants a cost above `burst` and is then in debt. So the rate is still
        respected, and no cost is refused forever.
        """
        if self.ready >= cost:
            self.ready -= cost
            return 0
        self._refill(now)
        if self.level >= cost * 60_000:
            self.level -= cost * 60_000
            if self.level >= READY * 120_000:
                self.level -= READY * 60_000
                self.ready = READY
            return 0
        needed = min(cost, self.burst) * 60_000
        if self.level >= needed:
            self.level -= cost * 60_000
            return 0
        return -(-(needed - self.level) // self.per_minute)

    def charge(self, now: int, cost: int) -> None:
        """Take `cost` tokens, if necessary into debt. For actions whose cost is known only
        afterwards."""
        self._refill(now)
        self.level -= cost * 60_000

    def wait(self, now: int) -> int:
        """The milliseconds until the bucket is out of debt, 0 if it has none."""
        self._refill(now)
        return 0 if self.level >= 0 else -(self.level // self.per_minute)

    def _refill(self, now: int) -> None:
        full = self.burst * 60_000
        self.level += self.ready * 60_000
        self.ready = 0
        if self.at is None:
            self.level, self.at = full, now
        elif now > self.at:
            self.level = min(full, self.level + (now - self.at) * self.per_minute)
            self.at = now


class Rates:
    """One bucket per key. Beyond `keys_max`, the least recently used bucket is removed."""

    def __init__(self, per_minute: int, burst: int, keys_max: int) -> None:
        self._per_minute = per_minute
        self._burst = burst
        self._keys_max = keys_max
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, key: str, now: int) -> int:
        """Like `Bucket.take`, for the bucket of `key`."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(self._per_minute, self._burst)
            if len(self._buckets) > self._keys_max:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket.take(now)
