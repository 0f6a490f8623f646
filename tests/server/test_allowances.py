"""What a session or an address may spend: buckets, allowances, and who shares one."""

from __future__ import annotations

import pytest

from gameroom import roomfile
from gameroom.model import RoomFile
from gameroom.server.allowances import HTTP_US, Allowances, packets_per_second
from gameroom.server.auth import network
from gameroom.server.config import Limits
from gameroom.server.rates import Bucket, Rates
from tests.server.table import (
    ROOM,
)

MAX = Limits()


def read(text: str) -> RoomFile:
    chart, _ = roomfile.read("test.room", text)
    return chart.room


def test_a_dear_thing_takes_its_cost() -> None:
    bucket = Bucket(per_minute=60, burst=10)
    assert bucket.take(0, 10) == 0
    assert bucket.take(0, 4) == 4000
    assert bucket.take(4000, 4) == 0


def test_what_is_dearer_than_the_bucket_is_granted_when_it_is_full_and_paid_off() -> None:
    bucket = Bucket(per_minute=60, burst=10)
    assert bucket.take(0, 30) == 0
    assert bucket.take(20_000, 1) == 1000
    assert bucket.take(21_000, 1) == 0


def test_a_cost_that_is_known_afterwards_leaves_a_debt() -> None:
    bucket = Bucket(per_minute=60, burst=10)
    assert bucket.wait(0) == 0
    bucket.charge(0, 13)
    assert bucket.wait(0) == 3000
    assert bucket.wait(2999) == 1
    assert bucket.wait(3000) == 0


def test_a_session_has_one_allowance_however_it_comes() -> None:
    allowances = Allowances(MAX)
    file = read(ROOM)
    assert allowances.of_session("r", "ann", file) is allowances.of_session("r", "ann", file)
    assert allowances.of_session("r", "ann", file) is not allowances.of_session("r", "bob", file)
    assert allowances.of_session("r", "ann", file) is not allowances.of_address("ann")


def test_an_honest_player_is_never_refused() -> None:
    """Ten turns a second, each packet as large as the room allows, and a burst after a pause."""
    file = read(ROOM.replace("turn = 20ms..40ms", "turn = 100ms..100ms"))
    frames = Allowances(MAX).of_session("r", "ann", file).frames
    largest = 1 + 16_384 // 1024
    assert packets_per_second(file) >= 10 * largest
    waits = [frames.take(100 * turn, largest) for turn in range(6000)]
    waits += [frames.take(600_000, 1) for _ in range(400)]
    assert set(waits) == {0}


def test_a_hundred_behind_one_address_come_within_three_seconds() -> None:
    """Each opens the page and its files, looks at the room, and takes a place."""
    allowance = Allowances(MAX).of_address("192.0.2.1")
    joins = Rates(MAX.joins_per_minute, MAX.joins_burst, MAX.addresses_max)
    refused = 0
    for request in range(100 * 20):
        now = request * 3000 // 2000
        refused += allowance.work_us.wait(now) > 0
        allowance.work_us.charge(now, HTTP_US + 200)
        if request % 20 == 19:
            refused += joins.take("192.0.2.1", now) > 0
    assert refused == 0
    hour = sum(joins.take("192.0.2.1", now) == 0 for now in range(3000, 3_603_000, 100))
    assert hour <= MAX.joins_per_minute * 60 + MAX.joins_burst, "and then joins have a rate"


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("anything else", "anything else"),
    ],
)
def test_an_address_of_ipv6_is_its_network(said: str, counted: str) -> None:
    assert network(said) == counted
