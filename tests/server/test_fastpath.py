"""Messages reach the receiver as they are parsed, and all the same where they cannot."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web
from aiohttp.pytest_plugin import AiohttpClient

from gameroom.server import websocket
from gameroom.server.socket import dispatch as fastpath


class Server:
    """One socket that keeps what it hears, and in which task."""

    def __init__(self, *, fast: bool) -> None:
        self.fast = fast
        self.heartbeat_ms = 60_000
        self.heard: list[str | bytes] = []
        self.tasks: list[asyncio.Task[None] | None] = []
        self.handler: asyncio.Task[None] | None = None
        self.transport: asyncio.Transport | None = None

    def received(self, message: str | bytes) -> None:
        self.heard.append(message)
        try:
            self.tasks.append(asyncio.current_task())
        except RuntimeError:
            self.tasks.append(None)

    def pinged(self, payload: bytes) -> None:
        assert self.transport is not None
        self.transport.write(websocket.pong_frame(payload))

    def counted(self) -> None:
        pass

    def peer_closed(self, code: int) -> None:
        assert self.transport is not None
        if not self.transport.is_closing():
            self.transport.write(websocket.close_frame(code))
        self.transport.close()

    def broken(self, code: int, reason: str) -> None:
        self.peer_closed(code)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        socket = fastpath.Socket(
            receiver=self,
            fast=self.fast,
            protocols=("a",),
            first_bytes_max=100,
            message_bytes_max=100,
            heartbeat_ms=self.heartbeat_ms,
            close_timeout_ms=300,
        )
        self.handler = asyncio.current_task()
        self.transport = transport = request.transport
        await socket.prepare(request)
        assert transport is not None
        transport.write(websocket.frame("hello") + websocket.frame(b"bytes"))
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


@pytest.mark.parametrize(
    ("where", "name"),
    [(web.RequestHandler, "set_parser"), (web.WebSocketResponse, "_post_start")],
)
async def test_another_aiohttp_has_not(
    where: type, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, name, lambda self, parser: None)
    assert not fastpath.available()


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


async def test_a_peer_that_does_not_answer_a_ping_is_gone(
    server: Server, aiohttp_client: AiohttpClient
) -> None:
    server.heartbeat_ms = 20
    client = await aiohttp_client(server.app())
    async with client.ws_connect("/", protocols=("a",), autoping=False) as ws:
        assert (await ws.receive()).type is aiohttp.WSMsgType.TEXT
        assert (await ws.receive()).type is aiohttp.WSMsgType.BINARY
        assert (await ws.receive()).type is aiohttp.WSMsgType.PING
        await ws.pong()
        assert (await ws.receive()).type is aiohttp.WSMsgType.PING
        assert (await ws.receive()).type in (
            aiohttp.WSMsgType.CLOSED,
            aiohttp.WSMsgType.CLOSE,
            aiohttp.WSMsgType.ERROR,
        )
