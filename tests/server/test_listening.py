"""How requests are read from their connections: beginnings in turn, all else as it comes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gameroom.server.listening import HEAD_BYTES
from gameroom.server.services import SERVICES
from tests.server.table import Table
from tests.server.test_turns import duel


@contextmanager
def turns_of_reading(table: Table) -> Iterator[list[str]]:
    """The payers of what is read in turn."""
    seen: list[str] = []
    rounds = table.app[SERVICES].rounds
    run = rounds.run

    def spied(payer: str, *args: Any, **more: Any) -> None:
        if payer.startswith("reading"):
            seen.append(payer)
        run(payer, *args, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounds, "run", spied)
        yield seen


async def answers_to(table: Table, said: bytes, count: int) -> list[bytes]:
    """The status lines of so many answers on one connection."""
    reader, writer = await asyncio.open_connection(table.client.host, table.client.port)
    writer.write(said)
    lines = []
    for _ in range(count):
        head = await reader.readuntil(b"\r\n\r\n")
        lines.append(head.partition(b"\r\n")[0])
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])  # type: ignore[index]
        await reader.readexactly(length)
    writer.close()
    return lines


async def test_requests_that_arrive_at_once_are_read_in_turn(table: Table) -> None:
    get = b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Some: %b\r\n\r\n" % (b"x" * 200)
    count = 4 * HEAD_BYTES // len(get)
    with turns_of_reading(table) as read:
        assert await answers_to(table, get * count, count) == [b"HTTP/1.1 200 OK"] * count
    assert len(read) >= 4, "a few of them in each turn"
    assert set(read) == {"reading 127.0.0.1"}


async def test_a_long_body_is_no_beginning_of_a_request(table: Table) -> None:
    size = 100 * HEAD_BYTES
    head = b"POST /create HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size
    with turns_of_reading(table) as read:
        assert await answers_to(table, head + b" " * size, 1) == [b"HTTP/1.1 401 Unauthorized"]
    assert len(read) <= 20, "a hundred would be beginnings"


async def test_a_socket_s_frames_are_no_beginning_of_a_request(table: Table) -> None:
    _, _, bob, _ = await duel(table)
    with turns_of_reading(table) as read:
        line = await bob.connect()
        for _ in range(20):
            await line.ask("GET", "/time")
    assert len(read) == 1, "the handshake"
