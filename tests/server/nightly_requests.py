"""Requests with random mistakes: none is a fault, a traceback or a quoted secret."""

from __future__ import annotations

import asyncio
import logging
import random

import pytest

from tests.server.leaks import WATCH
from tests.server.table import KEY, PATIENCE_S, Table, config, limits, served
from tests.server.test_logs import JSON_BODY, MALFORMED, TOKEN, UNUSUAL, UPGRADE, request
from tests.server.test_websocket import TEXT, masked

REQUESTS = 1000
PARTS = (b"\r\n", b"\0", b":", b" ", b"%", b"\xff\xfe", b"chunked", b"\r\nX: " + TOKEN.encode(),
         b"\r\nCookie: gameroom_0=" + TOKEN.encode() + b"\r\n")  # fmt: skip


def mistaken(dice: random.Random, sound: list[bytes]) -> bytes:
    """One of the requests with up to four changes."""
    data = bytearray(dice.choice(sound))
    for _ in range(dice.randint(0, 4)):
        at = dice.randrange(len(data) + 1)
        match dice.randint(0, 4):
            case 0 if data:
                data[at % len(data)] = dice.randrange(256)
            case 1:
                data[at:at] = dice.choice(PARTS)
            case 2:
                del data[at : at + dice.randint(1, 20)]
            case 3:
                data += dice.choice(sound)
            case _:
                data = data[:at] or data
    return bytes(data)


async def answered(table: Table, data: bytes, leaves: bool) -> bytes:
    """What is said before the server closes; empty where it resets, or the sender leaves."""
    assert table.client.port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", table.client.port)
    writer.write(data)
    try:
        if leaves:
            await asyncio.sleep(0)
            writer.transport.abort()
            return b""
        return await asyncio.wait_for(reader.read(), PATIENCE_S)
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("seed", range(4))
async def test_no_mistake_of_a_peer_is_a_fault(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    dice = random.Random(seed)
    short = {f"{name}_ms": 300 for name in ("request_timeout", "keepalive", "body_timeout")}
    few = limits(
        **short, hello_timeout_ms=300, session_ms_per_second=1_000, address_ms_per_second=1_000
    )
    async with served(config(limits=few)) as table:
        made = await table.create()
        ann = await table.join(made["id"], "ann")
        room = f"/rooms/{made['id']}".encode()
        bearer, key = (b"Authorization: Bearer " + one.encode() for one in (ann.token, KEY))
        sound = [
            *MALFORMED.values(),
            *UNUSUAL.values(),
            request(
                bearer,
                JSON_BODY,
                b"Content-Length: 2",
                first=b"PATCH " + room + b"/setup HTTP/1.1",
                body=b"{}",
            ),
            request(
                key,
                JSON_BODY,
                b"Transfer-Encoding: chunked",
                first=b"POST /create HTTP/1.1",
                body=b"2\r\n{}\r\n0\r\n\r\n",
            ),
            request(
                *UPGRADE,
                b"Sec-WebSocket-Key: " + b"A" * 22 + b"==",
                b"Sec-WebSocket-Protocol: gameroom.v1.json",
                b"Cookie: gameroom_0=" + ann.token.encode(),
                first=b"GET " + room + b"/socket HTTP/1.1",
                body=masked(TEXT, b'{"id": 1}'),
            ),
        ]
        for _ in range(REQUESTS // 20):
            batch = [mistaken(dice, sound) for _ in range(20)]
            said = await asyncio.gather(
                *(answered(table, data, dice.random() < 0.1) for data in batch)
            )
            for data, answer in zip(batch, said, strict=True):
                assert b" 500 " not in answer[:20], data
    WATCH.secrets |= {TOKEN, KEY, ann.token}
    faults = [record for record in caplog.records if record.exc_info]
    assert not faults, faults[0].exc_info
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]
