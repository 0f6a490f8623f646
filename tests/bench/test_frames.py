"""The bytes of the load are those of the wire: the server's own codec reads and writes the same."""

from __future__ import annotations

import pytest

from gameroom import roomfile
from gameroom.bench import relay
from gameroom.bench.frames import (
    SeenAnswer,
    SeenCommand,
    SeenEvent,
    head,
    masked,
    packets,
    read,
    request,
    split,
)
from gameroom.bench.plan import SUBPROTOCOL, BenchPlan, Wire, room_text
from gameroom.lockstep.packets import (
    ChartState,
    Checksum,
    ClientPacket,
    Command,
    Event,
    MasterPacket,
    SeatCommands,
)
from gameroom.wire import Codec, RequestFrame

WIRES: tuple[Wire, ...] = ("msgpack", "json")
CHART, _ = roomfile.read("bench.room", room_text(BenchPlan()))
SIZES = (0, 1, 125, 126, 300, 65_535, 65_536)


def codec(wire: Wire) -> Codec:
    return Codec(SUBPROTOCOL[wire], CHART.room)


def payload(frame: bytes) -> bytes:
    """What a client's frame carries; its mask is all zeros."""
    sizes = {0xFE: 2, 0xFF: 8}
    start = 2 + sizes.get(frame[1], 0)
    assert frame[start : start + 4] == bytes(4)
    return frame[start + 4 :]


def said(wire: Wire, frame: bytes) -> bytes | str:
    return payload(frame) if wire == "msgpack" else payload(frame).decode()


def packet(wire: Wire, frame: bytes) -> ClientPacket:
    decoded = codec(wire).decode(said(wire, frame))
    if isinstance(decoded, RequestFrame):
        decoded = decoded.body
    assert isinstance(decoded, ClientPacket)
    return decoded


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("generation", [1, 3, 4, 127, 128, 70_000])
@pytest.mark.parametrize("text", ["", "x" * 16, "x" * 300, "100 %d"])
def test_a_packet_is_what_the_server_reads(wire: Wire, generation: int, text: str) -> None:
    read_back = packet(wire, packets(wire, 5, text)(generation))
    command = Command("act", {"who": 5, "of": generation, "text": text})
    seen = generation - 3
    checksum = Checksum(seen, seen) if seen > 0 else None
    assert read_back == ClientPacket(generation, (command,), checksum, latency=5, framerate=60)


@pytest.mark.parametrize("size", SIZES)
def test_the_head_of_a_frame_says_its_size(size: int) -> None:
    assert payload(masked(bytes(size), 2)) == bytes(size)
    assert len(head(2, size)) + size == len(masked(bytes(size), 2))


@pytest.mark.parametrize("size", SIZES)
def test_frames_are_found_wherever_the_data_is_cut(size: int) -> None:
    one = masked(bytes(size), 2)
    # The server's frames have no mask.
    whole = (
        one[:1] + bytes((one[1] & 0x7F,)) + one[2 : -(size + 4)] + bytes(size)
        if size
        else (b"\x82\x00")
    )
    data = whole + b"\x89\x01p" + whole
    for cut in {1, 2, 3, len(whole) - 1, len(whole), len(whole) + 2, len(data)}:
        first, rest = split(data[:cut])
        second, left = split(rest + data[cut:])
        assert first + second == [(2, bytes(size)), (9, b"p"), (2, bytes(size))]
        assert left == b""


@pytest.mark.parametrize("wire", WIRES)
def test_a_turn_of_the_server_is_read(wire: Wire) -> None:
    said = tuple(
        SeatCommands(seat, (Command("act", {"who": 8 + seat, "of": 40, "text": "x"}),))
        for seat in range(2)
    )
    chart = ChartState(states=("running", "running.iterating"), variables={}, moved=())
    body = MasterPacket(40, 2, 100, 2, said, chart, Checksum(37, 37), absent=(3,))
    data = codec(wire).encode_event(Event(44, body))
    found = read(wire, data.encode() if isinstance(data, str) else data)
    commands = (SeenCommand(0, 8, 40), SeenCommand(1, 9, 40))
    assert found == SeenEvent(44, 40, commands, (3,), "running.iterating")


@pytest.mark.parametrize("wire", WIRES)
def test_the_relay_reads_packets_and_writes_turns(wire: Wire) -> None:
    decode, encode = relay.codec(wire)
    heard = {}
    for seat in (1, 0):
        generation, commands = decode(said(wire, packets(wire, 8 + seat, "x")(40)))
        assert generation == 40
        heard[seat] = commands
    data = encode(40, 100, heard)
    found = read(wire, data.encode() if isinstance(data, str) else data)
    assert found == SeenEvent(40, 40, (SeenCommand(0, 8, 40), SeenCommand(1, 9, 40)))


@pytest.mark.parametrize("wire", WIRES)
def test_a_request_is_what_the_server_reads(wire: Wire) -> None:
    frame = request(wire, 3, "PUT", "/players/me/engine", {"loaded": True})
    asked = RequestFrame("PUT", "/players/me/engine", 3, {"loaded": True})
    assert codec(wire).decode(said(wire, frame)) == asked


def test_an_answer_and_a_rejected_packet_are_told_from_events() -> None:
    assert read("json", b'{"id":1,"status":204,"body":null}') == SeenAnswer(1, 204, None)
    rejected = b'{"event":"rejected","path":"/turns/1","body":{"problem":{"status":409}}}'
    found = read("json", rejected)
    assert isinstance(found, SeenAnswer)
    assert found.status == 409
