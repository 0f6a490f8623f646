"""What a turn costs on the wire: how many bytes, and how long they take to make and to read.

In rooms/archers with eight players of 187 archers each. A size is a frame's payload: what
WebSocket, TCP and IP add comes on top (docs/networks.md measures all of it).

    pytest tests/benchmarks/bench_wire.py
"""

from __future__ import annotations

import pytest

from gameroom.lockstep.packets import Checksum, ClientPacket, Event, MasterPacket, SeatCommands
from gameroom.lockstep.random import Random
from gameroom.wire import SUBPROTOCOLS, Codec
from tests.network.orders import Orders
from tests.wire.rooms import ARCHERS

GENERATION = 5_000
CHECKSUM = Checksum(GENERATION - 4, 0xC0FFEE00)


def orders(seat: int) -> Orders:
    return Orders(Random(seat), 187, 1_496)


def packet(commands: int) -> ClientPacket:
    """What one player sends in a turn."""
    one = orders(0)
    said = tuple(one.next() for _ in range(commands))
    return ClientPacket(GENERATION, said, CHECKSUM, latency=512, framerate=60)


def turn(commands: int) -> Event:
    """What everybody is told in a turn, in which so many players gave an order."""
    said = tuple(SeatCommands(seat, (orders(seat).next(),)) for seat in range(commands))
    body = MasterPacket(GENERATION, 10, 500, 4, said, checksum=CHECKSUM)
    return Event(GENERATION + 40, body)


@pytest.fixture(params=SUBPROTOCOLS)
def codec(request):
    return Codec(request.param, ARCHERS)


@pytest.fixture
def tell(benchmark, capsys, codec):
    """Say how big a frame is, beside the time that the benchmark measures."""

    def told(what, data):
        benchmark.extra_info["bytes"] = len(data)
        with capsys.disabled():
            print(f"\n{codec.subprotocol}: {what}: {len(data)} bytes")

    return told


@pytest.mark.benchmark(group="wire, up")
@pytest.mark.parametrize("commands", [0, 1])
def test_a_client_packet(benchmark, tell, codec, commands):
    sent = packet(commands)
    data = codec.encode_packet(sent)
    tell(f"a client packet with {commands} commands", data)
    assert benchmark(codec.decode, data) == sent


@pytest.mark.benchmark(group="wire, down")
@pytest.mark.parametrize("commands", [0, 3, 8])
def test_a_master_packet(benchmark, tell, codec, commands):
    event = turn(commands)
    data = codec.encode_event(event)
    tell(f"a turn of eight players with {commands} commands", data)
    assert codec.decode_event(data).body == event.body
    benchmark(codec.encode_event, event)
