"""Token buckets: how often, and at what cost, somebody may do something.

Knows no clock: `now` is an argument in milliseconds. Counts in whole thousandths, so
that a second's worth of tokens is exactly a second's worth.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

READY = 8
"""How many tokens are taken out of a well filled bucket at a time."""


@dataclass(slots=True)
class Bucket:
    """Holds up to `burst` tokens and gains `per_minute` of them each minute."""

    per_minute: int
    burst: int
    level: int = -1
    """In sixty-thousandths of a token, without `ready`. Below 0 it is a debt; see `at`."""
    ready: int = 0
    """Tokens that were taken out of the level already. Whoever takes one of them here does not
    need to know what time it is."""
    at: int | None = None
    """When the level was last known; None before the first use, when the bucket is full."""

    def take(self, now: int, cost: int = 1) -> int:
        """Take `cost` tokens: 0 when they were there, else the milliseconds until they are.

        What costs more than the bucket holds is granted by a full bucket, which is then in debt:
        the rate holds, and nothing is refused for ever.
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
        """Take `cost` tokens, which may leave a debt: for what has its cost only afterwards."""
        self._refill(now)
        self.level -= cost * 60_000

    def wait(self, now: int) -> int:
        """The milliseconds until the bucket is out of debt, 0 when it is."""
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
    """One bucket per key, the least lately used forgotten beyond `keys_max`."""

    def __init__(self, per_minute: int, burst: int, keys_max: int) -> None:
        self._per_minute = per_minute
        self._burst = burst
        self._keys_max = keys_max
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, key: str, now: int) -> int:
        """As Bucket.take, for the bucket of `key`."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(self._per_minute, self._burst)
            if len(self._buckets) > self._keys_max:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket.take(now)
