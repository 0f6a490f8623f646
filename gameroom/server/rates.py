"""Token buckets: how often somebody may do something.

Knows no clock: `now` is an argument in milliseconds. Counts in whole thousandths, so
that a second's worth of tokens is exactly a second's worth.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(slots=True)
class Bucket:
    """Holds up to `burst` tokens and gains `per_minute` of them each minute."""

    per_minute: int
    burst: int
    level: int = -1
    """In sixty-thousandths of a token; -1 before the first use, when it is full."""
    at: int = 0

    def take(self, now: int) -> int:
        """Take one token: 0 when there was one, else the milliseconds until there is."""
        full = self.burst * 60_000
        if self.level < 0:
            self.level, self.at = full, now
        elif now > self.at:
            self.level = min(full, self.level + (now - self.at) * self.per_minute)
            self.at = now
        if self.level >= 60_000:
            self.level -= 60_000
            return 0
        return -(-(60_000 - self.level) // self.per_minute)


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
