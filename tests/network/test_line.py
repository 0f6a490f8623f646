"""The links of the network tests do what they say, to the microsecond."""

from __future__ import annotations

from dataclasses import asdict, replace

from tests.network.forwarder import payload
from tests.network.line import MILLISECOND, MODEM, RAGGED, SECOND, Line, Weather


def arrivals(weather: Weather, sent: list[tuple[int, int]], seed: int = 1) -> list[int | None]:
    """By (milliseconds, bytes) sent, the milliseconds of arrival."""
    line = Line(weather, seed)
    times = [line.send(size, at * MILLISECOND) for at, size in sent]
    return [None if at is None else at // MILLISECOND for at in times]


def test_a_packet_takes_its_bytes_and_the_delay():
    weather = Weather(bytes_per_s=1_000, delay_ms=250)
    assert arrivals(weather, [(0, 100), (1_000, 200)]) == [350, 1_450]


def test_packets_queue_behind_each_other():
    weather = Weather(bytes_per_s=1_000, delay_ms=10)
    assert arrivals(weather, [(0, 100), (0, 100), (150, 100)]) == [110, 210, 310]


def test_a_full_queue_loses_what_comes():
    weather = Weather(bytes_per_s=1_000, queue_bytes_max=150)
    line = Line(weather, 1)
    assert [line.send(100, 0) for _ in range(4)] == [100_000, 200_000, None, None]
    assert line.count.overflowed == 2
    assert line.send(100, 50_000) == 300_000


def test_jitter_stays_in_its_bounds_and_keeps_the_order():
    line = Line(RAGGED, 7)
    sent = [number * 1_000 * MILLISECOND for number in range(300)]
    took = [(line.send(80, at) or 0) - at for at in sent]
    assert min(took) >= 150 * MILLISECOND
    assert max(took) <= 500 * MILLISECOND
    assert max(took) - min(took) > 300 * MILLISECOND
    close = [line.send(80, 400 * SECOND + number) or 0 for number in range(300)]
    assert close == sorted(close)


def test_two_of_a_hundred_are_lost_and_took_their_time():
    line = Line(MODEM, 3)
    times = [line.send(36, at * 100 * MILLISECOND) for at in range(10_000)]
    assert 150 < times.count(None) < 250
    assert line.count.lost == times.count(None)
    after = Line(Weather(bytes_per_s=1_000, loss_per_mille=1_000), 1)
    assert after.send(100, 0) is None
    after.weather = Weather(bytes_per_s=1_000)
    assert after.send(100, 0) == 200 * MILLISECOND


def test_a_dead_line_loses_everything_until_it_lives():
    line = Line(Weather(delay_ms=5), 1)
    line.weather = replace(line.weather, dead=True)
    assert line.send(40, 0) is None
    line.weather = replace(line.weather, dead=False)
    assert line.send(40, MILLISECOND) == 6 * MILLISECOND


def test_the_same_seed_has_the_same_weather_and_another_one_has_not():
    sent = [(number * 50, 60) for number in range(500)]
    assert arrivals(MODEM, sent, 5) == arrivals(MODEM, sent, 5)
    assert arrivals(MODEM, sent, 5) != arrivals(MODEM, sent, 6)


def test_what_was_given_is_counted():
    line = Line(Weather(), 1)
    line.send(60, 0, payload=20)
    line.send(40, 0)
    assert (line.count.packets, line.count.bytes, line.count.payload) == (2, 100, 20)


def test_a_weather_travels_as_plain_values():
    assert Weather.read({**asdict(RAGGED), "jitter_ms": [50, 400]}) == RAGGED


def test_the_payload_of_a_packet_is_what_tcp_carries():
    head = bytes([0x45, 0, 0, 20 + 32 + 7]) + bytes(5) + b"\x06" + bytes(10)
    tcp = bytes(12) + b"\x80" + bytes(19)
    assert payload(head + tcp + b"seven!!") == 7
    assert payload(bytes([0x45, 0, 0, 28]) + bytes(5) + b"\x11" + bytes(18)) == 0
