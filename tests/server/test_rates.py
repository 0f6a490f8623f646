"""Token buckets: so often and no more, under a clock that the test holds."""

from __future__ import annotations

import random

import pytest

from gameroom.server.rates import READY, Bucket, Rates


def test_a_burst_then_the_rate() -> None:
    bucket = Bucket(per_minute=60, burst=3)
    assert [bucket.take(0) for _ in range(3)] == [0, 0, 0]
    assert bucket.take(0) == 1000
    assert bucket.take(999) == 1
    assert bucket.take(1000) == 0
    assert bucket.take(1000) == 1000


def test_an_hour_of_silence_fills_no_more_than_the_burst() -> None:
    bucket = Bucket(per_minute=60, burst=2)
    bucket.take(0)
    assert [bucket.take(3_600_000) for _ in range(3)] == [0, 0, 1000]


def test_small_steps_lose_nothing_to_rounding() -> None:
    bucket = Bucket(per_minute=7, burst=3)
    for _ in range(3):
        bucket.take(0)
    assert sum(bucket.take(now) == 0 for now in range(60_001)) == 7


def test_each_address_has_its_own() -> None:
    rates = Rates(per_minute=60, burst=1, keys_max=10)
    assert rates.take("ann", 0) == 0
    assert rates.take("ann", 0) > 0
    assert rates.take("bob", 0) == 0


def test_only_so_many_addresses_are_remembered() -> None:
    rates = Rates(per_minute=60, burst=1, keys_max=2)
    for address in ("ann", "bob", "ann", "cas"):
        rates.take(address, 0)
    assert rates.take("ann", 0) > 0, "ann was here lately"
    assert rates.take("bob", 0) == 0, "bob was forgotten"


class Plain:
    """A bucket by the book, which is refilled whenever somebody takes a token."""

    def __init__(self, per_minute: int, burst: int) -> None:
        self.per_minute, self.full = per_minute, burst * 60_000
        self.level, self.at, self.taken = self.full, 0, 0

    def take(self, now: int) -> None:
        self.level = min(self.full, self.level + (now - self.at) * self.per_minute)
        self.at = now
        if self.level >= 60_000:
            self.level -= 60_000
            self.taken += 1


@pytest.mark.parametrize(("per_minute", "burst"), [(60, 3), (600, 20), (900, 40), (70, 100)])
def test_tokens_without_a_look_at_the_clock_are_not_many_more(per_minute: int, burst: int) -> None:
    dice = random.Random(burst)
    bucket, taken, now = Bucket(per_minute, burst), 0, 0
    least, most = Plain(per_minute, burst), Plain(per_minute, burst + READY)
    for _ in range(5_000):
        now += dice.choice((0, 0, 0, 1, 5, 100)) + 10_000 * (dice.random() < 0.005)
        taken += bucket.take(now) == 0
        least.take(now)
        most.take(now)
        assert least.taken <= taken <= most.taken
    assert most.taken < 5_000, "some were refused"
