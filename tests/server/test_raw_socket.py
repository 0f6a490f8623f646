"""The socket byte by byte, over a TCP connection of the test's own."""

from __future__ import annotations

import asyncio
import json

import pytest

from gameroom.server.websocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT
from gameroom.wire import JSON
from tests.server.table import (
    ENGINE,
    PATIENCE_S,
    ROOM,
    Person,
    Table,
    config,
    limits,
    served,
)
from tests.server.test_websocket import close, masked


class Raw:
    """A client's end of TCP behind a handshake of its own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, table: Table, room: str, behind: bytes = b"") -> Raw:
        """A socket; the bytes `behind` leave together with the handshake."""
        assert table.client.port is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", table.client.port)
        writer.write(
            f"GET /rooms/{room}/socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}=="
            f"\r\nSec-WebSocket-Protocol: {JSON}\r\n\r\n".encode()
            + behind
        )
        table.kept.append(writer)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
        assert head.startswith(b"HTTP/1.1 101 "), head
        return cls(reader, writer)

    async def frame(self) -> tuple[int, bytes]:
        """The next frame: opcode and payload."""
        first, size = await asyncio.wait_for(self.reader.readexactly(2), PATIENCE_S)
        if size == 126:
            size = int.from_bytes(await self.reader.readexactly(2), "big")
        return first & 0x0F, await self.reader.readexactly(size)

    async def until_close(self) -> int:
        """The code of the close frame."""
        while True:
            opcode, payload = await self.frame()
            if opcode == CLOSE:
                return int.from_bytes(payload[:2], "big")

    async def rest(self) -> bytes:
        """Everything that still comes before the server closes TCP."""
        return await asyncio.wait_for(self.reader.read(), PATIENCE_S)


def asked(id_: int, method: str, path: str, body: object = None) -> bytes:
    frame = {"id": id_, "method": method, "path": path, "body": body}
    return masked(TEXT, json.dumps(frame).encode())


def hello(person: Person) -> bytes:
    return asked(1, "PUT", "/session", {"token": person.token, "seq": 0})


EARLY = asked(8, "PATCH", "/setup", {"notes": "early"})
LATE = asked(9, "PATCH", "/setup", {"notes": "late"})
PATIENT = config(limits=limits(close_timeout_ms=60_000))
"""For tests in which nothing may depend on the goodbye running out."""


async def test_data_behind_a_close_frame_is_not_acted_on() -> None:
    async with served(PATIENT) as table:
        made = await table.create()
        ann = await table.join(made["id"], "ann")
        raw = await Raw.open(table, made["id"])
        raw.writer.write(hello(ann) + EARLY + close(1000) + LATE + masked(PING, b"late"))
        assert await raw.until_close() == 1000
        assert await raw.rest() == b""
        line = await ann.connect()
        assert (await line.ask("GET", "/setup"))["body"]["settings"]["notes"] == "early"


async def test_what_was_asked_before_a_close_frame_counts_in_its_turn_too() -> None:
    tight = config(limits=limits(slice_us=1, close_timeout_ms=60_000))
    async with served(tight) as table:
        made = await table.create()
        ann = await table.join(made["id"], "ann")
        raw = await Raw.open(table, made["id"])
        raw.writer.write(hello(ann) + EARLY + close(1000))
        assert await raw.until_close() == 1000
        assert await raw.rest() == b""
        line = await ann.connect()
        assert (await line.ask("GET", "/setup"))["body"]["settings"]["notes"] == "early"


async def test_a_pong_leaves_before_the_answer_to_a_later_message(table: Table) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    behind = masked(PING, b"0") + hello(ann) + masked(PING, b"1") + asked(2, "GET", "/time")
    raw = await Raw.open(table, made["id"], behind)
    seen: list[object] = []
    while 2 not in seen:
        opcode, payload = await raw.frame()
        seen.append(payload if opcode == PONG else json.loads(payload).get("id"))
    assert [one for one in seen if one is not None] == [b"0", 1, b"1", 2]


@pytest.mark.parametrize("data", [b"\x81\x02{}", masked(0x3), masked(PING, fin=False)])
async def test_a_broken_protocol_ends_the_connection_at_once(data: bytes) -> None:
    """Its close frame arrives although bytes were still coming."""
    async with served(PATIENT) as table:
        made = await table.create()
        ann = await table.join(made["id"], "ann")
        raw = await Raw.open(table, made["id"])
        raw.writer.write(hello(ann) + EARLY + data + LATE * 50)
        assert await raw.until_close() == 1002
        assert await raw.rest() == b""
        raw.writer.close()
        line = await ann.connect()
        assert (await line.ask("GET", "/setup"))["body"]["settings"]["notes"] == "early"


async def test_our_goodbye_ends_with_the_answer_to_it() -> None:
    async with served(PATIENT) as table:
        made = await table.create()
        raw = await Raw.open(table, made["id"], masked(BINARY, b"{}"))
        assert await raw.until_close() == 1003
        raw.writer.write(close(1003))
        assert await raw.rest() == b"", "TCP closes without waiting for more"


@pytest.mark.parametrize(
    "flood", [masked(PING, b"x"), masked(PONG), masked(CONTINUATION, b"", fin=False)]
)
@pytest.mark.parametrize("said_hello", [True, False])
async def test_frames_that_ask_for_nothing_cost_what_frames_cost(
    flood: bytes, said_hello: bool
) -> None:
    few = limits(frames_per_second=1, frames_burst=10, hello_frames_max=10, refusals_burst=10)
    slow = ROOM.replace("turn = 20ms..40ms", "turn = 2s..2s")
    slow = slow.replace("policy limits {", "policy limits { packet bytes = 2000 ")
    async with served(config(limits=few)) as table:
        made = await table.create(room=slow, engine={"source": ENGINE})
        ann = await table.join(made["id"], "ann")
        raw = await Raw.open(table, made["id"], hello(ann) if said_hello else b"")
        if flood[0] & 0x0F == CONTINUATION:
            raw.writer.write(masked(TEXT, b"{", fin=False))
        raw.writer.write(flood * 1000)
        pongs, code = 0, 0
        while not code:
            opcode, payload = await raw.frame()
            pongs += opcode == PONG
            code = int.from_bytes(payload[:2], "big") if opcode == CLOSE else 0
        assert code == 4003
        assert pongs <= 21


@pytest.mark.parametrize("sizes", [(4097,), (4000, 97), (1,) * 4097])
async def test_before_the_hello_a_message_is_small_in_any_number_of_frames(
    sizes: tuple[int, ...],
) -> None:
    """Refused by the header of the frame that passes the limit, which has no payload here."""
    async with served(config(limits=limits(hello_frames_max=5000))) as table:
        made = await table.create()
        raw = await Raw.open(table, made["id"])
        opcodes = [TEXT, *[CONTINUATION] * len(sizes)]
        frames = [masked(op, b"x" * n, fin=False) for op, n in zip(opcodes, sizes, strict=False)]
        raw.writer.write(b"".join(frames[:-1]) + frames[-1][: -sizes[-1]])
        assert await raw.until_close() == 1009


async def test_a_large_frame_right_behind_the_hello_is_heard(table: Table) -> None:
    made = await table.create()
    ann = await table.join(made["id"], "ann")
    notes = asked(
        2, "PUT", "/setup", {"map": "plains", "gold": 500, "notes": "x" * 2500, "pad": "x" * 3000}
    )
    raw = await Raw.open(table, made["id"], hello(ann) + notes)
    while True:
        opcode, payload = await raw.frame()
        assert opcode == TEXT, payload
        if json.loads(payload).get("id") == 2:
            break
