"""An idle turn costs at most 24 bytes of payload in msgpack, even late in a long game; one of
eight players with three orders less than 150."""

import pytest

from gameroom.lockstep.packets import Checksum, ClientPacket, Event, MasterPacket, SeatCommands
from gameroom.lockstep.random import Random
from gameroom.wire import MSGPACK, Codec
from tests.network.orders import Orders
from tests.wire.rooms import ARCHERS, ROOM

IDLE_BYTES_MAX = 24
TYPICAL_BYTES_MAX = 150
DAYS_OF_TURNS = 2**32 - 1


@pytest.mark.parametrize("generation", [10, 311, 70_000, DAYS_OF_TURNS])
def test_an_idle_client_packet_is_small(generation: int) -> None:
    packet = ClientPacket(
        generation, checksum=Checksum(generation - 9, 0xFFFFFFFF), latency=999, framerate=240
    )
    assert len(Codec(MSGPACK, ROOM).encode_packet(packet)) <= IDLE_BYTES_MAX


@pytest.mark.parametrize("generation", [40, 311, 70_000, DAYS_OF_TURNS])
def test_an_idle_master_packet_is_small(generation: int) -> None:
    packet = MasterPacket(generation, 10, 500, 8, checksum=Checksum(generation - 32, 0xFFFFFFFF))
    event = Event(min(2 * generation, DAYS_OF_TURNS), packet)
    assert len(Codec(MSGPACK, ROOM).encode_event(event)) <= IDLE_BYTES_MAX


@pytest.mark.parametrize(("generation", "bytes_exactly"), [(311, 142), (70_000, 146)])
def test_a_turn_of_eight_with_three_orders_stays_under_150_bytes(
    generation: int, bytes_exactly: int
) -> None:
    """Three of eight players, each with 187 archers, order a group: a thousand such turns.
    The largest has whole armies in it."""
    sizes = [turn_bytes(generation, seed) for seed in range(1_000)]
    assert max(sizes) == bytes_exactly
    assert bytes_exactly < TYPICAL_BYTES_MAX


def turn_bytes(generation: int, seed: int) -> int:
    """The master packet of a turn in which three of eight players gave an order."""
    said = [
        SeatCommands(seat, (Orders(Random(3 * seed + seat), 187, 1_496).next(),))
        for seat in (0, 3, 7)
    ]
    packet = MasterPacket(
        generation, 10, 500, 4, tuple(said), checksum=Checksum(generation - 4, 0xFFFFFFFF)
    )
    return len(Codec(MSGPACK, ARCHERS).encode_event(Event(generation + 40, packet)))
