"""Token buckets: so often and no more, under a clock that the test holds."""

from __future__ import annotations

from gameroom.server.rates import Bucket, Rates


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
