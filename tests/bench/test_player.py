"""What the load checks: nothing is lost, nothing comes twice, and everything comes in order."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from gameroom.bench.counts import LoadCounts
from gameroom.bench.plan import BenchError
from gameroom.bench.player import LoadConnection, LoadRoom


class Wire(asyncio.Transport):
    """The other end of a connection: what was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:  # type: ignore[override] # only bytes come
        self.written.append(data)

    def close(self) -> None:
        self.written.append(b"closed")


def turn(seq: int, generation: int, by_seat: dict[int, list[int]], **extras: object) -> bytes:
    """A frame of the server. by_seat: the generations that the commands were sent for; player 10
    has seat 0 and player 11 seat 1."""
    commands = [[seat, [[0, 10 + seat, of, "x"] for of in many]] for seat, many in by_seat.items()]
    made = [seq, generation, 2, 100, 2, commands, 0, 0, *([extras] if extras else [])]
    payload = msgspec.msgpack.encode(made)
    assert len(payload) < 126
    return bytes((0x82, len(payload))) + payload


class Table:
    """Two players of one room, whose server is this test."""

    def __init__(self) -> None:
        self.counts = LoadCounts()
        self.room = LoadRoom("msgpack", self.counts)
        self.wires = [Wire(), Wire()]
        self.players = [LoadConnection(self.room, seat, 10 + seat, "x") for seat in (0, 1)]
        for player, wire in zip(self.players, self.wires, strict=True):
            player.connection_made(wire)
            player.data_received(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")

    def hear(self, *frames: bytes) -> list[str]:
        for player in self.players:
            for frame in frames:
                player.data_received(frame)
        return self.counts.told()


async def test_an_honest_server_has_no_fault() -> None:
    table = Table()
    turns = [turn(g, g, {0: [g], 1: [g]}) for g in (1, 2, 3)]
    assert table.hear(*turns) == []
    assert (table.counts.turns, table.counts.confirmed, table.counts.packets) == (3, 6, 6)
    assert [len(wire.written) for wire in table.wires] == [3, 3]
    # Before the first turn there is none that it could be late after.
    assert (table.counts.frames, len(table.counts.intervals)) == (6, 4)


async def test_frames_may_come_in_pieces() -> None:
    table = Table()
    data = turn(1, 1, {0: [1], 1: [1]}) + turn(2, 2, {0: [2], 1: [2]})
    assert table.hear(*(data[at : at + 1] for at in range(len(data)))) == []
    assert table.counts.turns == 2


async def test_a_late_packet_of_an_absent_seat_is_no_loss() -> None:
    table = Table()
    first = turn(1, 1, {0: [1]}, absent=[1])
    assert table.hear(first, turn(2, 2, {0: [2], 1: [1, 2]})) == []


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ([turn(1, 1, {0: [1]})], "turn 1 lacks the command of seat 2"),
        ([turn(1, 1, {0: [1, 1], 1: [1]})], "seat 1 in turn 1 has command 1 of player 10"),
        ([turn(1, 1, {0: [2], 1: [1]})], "seat 1 in turn 1 has command 2 of player 10"),
        ([turn(1, 1, {1: [1], 7: [1]})], "seat 8 in turn 1 has command 1 of player 17"),
        ([turn(2, 1, {0: [1], 1: [1]})], "event 2 came after event 0"),
        ([turn(1, 2, {0: [1, 2], 1: [1, 2]})], "turn 2 came after turn 0"),
        ([turn(1, 1, {0: [1], 1: [1]})] * 2, "event 1 came after event 1"),
        ([b"\x88\x02\x0f\xa2"], "the server closed a connection with 4002"),
    ],
    ids=["lost", "twice", "early", "stranger", "gap", "order", "repeated", "closed"],
)
async def test_a_fault_is_found(frames: list[bytes], words: str) -> None:
    assert any(words in fault for fault in Table().hear(*frames))


async def test_a_refused_packet_is_a_fault() -> None:
    said = msgspec.msgpack.encode({"status": 429, "body": {"code": "too_often"}})
    assert "a packet was refused: 429" in Table().hear(bytes((0x82, len(said))) + said)[0]


async def test_a_ping_is_answered_and_a_lost_connection_is_a_fault() -> None:
    table = Table()
    table.players[0].data_received(b"\x89\x02hi")
    assert table.wires[0].written == [b"\x8a\x82\0\0\0\0hi"]
    table.players[0].connection_lost(None)
    assert "closed a connection" in table.counts.told()[0]
    table.players[1].end()
    table.players[1].connection_lost(None)
    assert len(table.counts.told()) == 1


async def test_an_answer_comes_to_its_question_and_a_refusal_raises() -> None:
    player = Table().players[0]
    for status in (204, 409):
        asked = asyncio.ensure_future(player.ask("PUT", "/players/me/ready"))
        await asyncio.sleep(0)
        number = 0 if status == 204 else 1
        said = msgspec.msgpack.encode({"id": number, "status": status, "body": None})
        player.data_received(bytes((0x82, len(said))) + said)
        if status == 204:
            assert await asked is None
        else:
            with pytest.raises(BenchError, match="was refused: 409"):
                await asked


async def test_a_refused_upgrade_and_a_room_that_does_not_start_say_so() -> None:
    table = Table()
    player = LoadConnection(table.room, None, 0, "")
    player.connection_made(Wire())
    player.data_received(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")
    with pytest.raises(BenchError, match="503"):
        await player.upgraded
    with pytest.raises(BenchError, match="did not start"):
        await table.room.reach(lambda: False, 0)
