"""An idle turn costs at most 24 bytes of payload in msgpack, even late in a long game."""

import pytest

from gameroom.lockstep.packets import Checksum, ClientPacket, Event, MasterPacket
from gameroom.wire import MSGPACK, Codec
from tests.wire.rooms import ROOM

IDLE_BYTES_MAX = 24
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
