"""Messages reach the receiver as they are parsed, and all the same where they cannot."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web
from aiohttp.pytest_plugin import AiohttpClient

from gameroom.server import fastpath


class Server:
    """One socket that keeps what it hears, and in which task."""

    def __init__(self, *, fast: bool) -> None:
        self.fast = fast
        self.heard: list[str | bytes] = []
        self.tasks: list[asyncio.Task[None] | None] = []
        self.handler: asyncio.Task[None] | None = None
        self.transport: asyncio.Transport | None = None

    def receive(self, message: str | bytes) -> None:
        self.heard.append(message)
        try:
            self.tasks.append(asyncio.current_task())
        except RuntimeError:
            self.tasks.append(None)

    def end(self, code: int, reason: str) -> None:
        assert self.transport is not None
        self.transport.write(fastpath.close_frame(code, reason))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        socket = fastpath.Socket(
            receiver=self.receive,
            broken=self.end,
            fast=self.fast,
            protocols=("a",),
            message_bytes_max=100,
            heartbeat_ms=60_000,
        )
        self.handler = asyncio.current_task()
        self.transport = transport = request.transport
        await socket.prepare(request)
        assert transport is not None
        transport.write(fastpath.frame("hello") + fastpath.frame(b"bytes"))
        await socket.run()
        return socket

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/", self.handle)
        return app


@pytest.fixture(params=[True, False], ids=["at parse time", "async for"])
def server(request: pytest.FixtureRequest) -> Server:
    return Server(fast=request.param)


async def test_this_aiohttp_has_the_door() -> None:
    assert fastpath.available()


async def test_text_and_bytes_both_ways(server: Server, aiohttp_client: AiohttpClient) -> None:
    client = await aiohttp_client(server.app())
    async with client.ws_connect("/", protocols=("a",)) as ws:
        assert await ws.receive_str() == "hello"
        assert await ws.receive_bytes() == b"bytes"
        await ws.send_str("tschüs")
        await ws.send_bytes(b"\x00\xff")
        await ws.ping()
        await ws.close()
    assert server.heard == ["tschüs", b"\x00\xff"]
    if server.fast:
        assert server.handler not in server.tasks, "no task was switched to"
    else:
        assert set(server.tasks) == {server.handler}


async def test_fragments_are_one_message(server: Server, aiohttp_client: AiohttpClient) -> None:
    client = await aiohttp_client(server.app())
    async with client.ws_connect("/", protocols=("a",)) as ws:
        transport = ws._response.connection.transport
        mask = b"\0\0\0\0"
        transport.write(b"\x01\x82" + mask + b"ab")
        transport.write(b"\x89\x80" + mask)
        transport.write(b"\x80\x82" + mask + b"cd")
        await ws.close()
    assert server.heard == ["abcd"]


@pytest.mark.parametrize("size", [100, 101])
async def test_the_limit_is_the_largest_that_passes(
    server: Server, aiohttp_client: AiohttpClient, size: int
) -> None:
    client = await aiohttp_client(server.app())
    async with client.ws_connect("/", protocols=("a",)) as ws:
        await ws.receive()
        await ws.receive()
        await ws.send_bytes(bytes(size))
        if size > 100:
            message = await ws.receive()
            assert message.type is aiohttp.WSMsgType.CLOSE
            assert message.data == 1009
            assert server.heard == []
        else:
            await ws.close()
            assert server.heard == [bytes(size)]


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_frame_lengths(size: int) -> None:
    made = fastpath.frame(bytes(size))
    assert made[0] == 0x82
    assert len(made) == size + (2 if size < 126 else 4 if size < 65_536 else 10)
    assert made.endswith(bytes(size))
