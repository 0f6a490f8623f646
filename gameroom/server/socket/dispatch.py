"""Dispatches WebSocket messages while they are parsed.

aiohttp puts parsed messages into a queue from which one coroutine per socket reads. This costs a
future, a task switch and a loop turn for every packet, and a pong can be sent after the answers to
later messages. Here aiohttp only does the handshake. After that, received bytes go directly to our
parser: everything from the received bytes to the answer in the transport is one synchronous call.

aiohttp has no public API for this, so we override `_post_start` with our own parser. `available`
tests with real bytes, and not only by names, whether this version of aiohttp works as expected. If
not, `async for` reads the messages, and everything else is the same.

Knows no rooms. The rule: a receiver never raises; it must catch its own exceptions.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from typing import Any, Literal

import aiohttp
from aiohttp import web
from aiohttp.http_websocket import WebSocketWriter, WSMsgType

from gameroom.server.socket.pieces import Pieces
from gameroom.server.websocket import NO_STATUS, Parser, Receiver, ping_frame

log = logging.getLogger(__name__)


class FrameFeed:
    """A payload parser for aiohttp's protocol. It feeds our parser, and sends pings to a silent
    peer."""

    def __init__(
        self,
        parser: Parser,
        feed: Callable[[bytes], object],
        loop: asyncio.AbstractEventLoop,
        heartbeat_s: float,
    ) -> None:
        """feed: passes the bytes to the parser, now or later."""
        self.lost: asyncio.Future[None] = loop.create_future()
        """Done when the connection is lost."""
        self._parser = parser
        self._give = feed
        self._loop = loop
        self._heartbeat_s = heartbeat_s
        self._heard_at = loop.time()
        self._asked = False
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self.feed(data)
        return False, b""

    def feed(self, data: bytes) -> None:
        """Parse bytes of frames. The connection calls this directly, not through aiohttp."""
        self._heard_at = self._loop.time()
        self._asked = False
        self._give(data)

    def feed_eof(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self.lost.done():
            self.lost.set_result(None)

    def watch(self, transport: asyncio.Transport) -> None:
        """Send a ping after each silent heartbeat. Abort if the peer stays silent for another half
        of a heartbeat."""
        self._transport = transport
        self._timer = self._loop.call_later(self._heartbeat_s, self._beat)

    def _beat(self) -> None:
        transport = self._transport
        assert transport is not None
        if self._parser.finished or transport.is_closing():
            return
        if self._asked:
            transport.abort()
            return
        silent_s = self._loop.time() - self._heard_at
        wait_s = self._heartbeat_s - silent_s
        if wait_s <= 0:
            self._asked, wait_s = True, self._heartbeat_s / 2
            transport.write(ping_frame())
        self._timer = self._loop.call_later(wait_s, self._beat)


class Socket(web.WebSocketResponse[Literal[True]]):
    """A WebSocket that passes its messages to `receiver`.

    Await `run` after `prepare`. It returns when the connection is lost. The owner of the socket
    must send `close_frame` itself, also as the answer to the peer's close frame.
    """

    def __init__(
        self,
        *,
        receiver: Receiver,
        fast: bool,
        protocols: tuple[str, ...],
        first_bytes_max: int,
        message_bytes_max: int,
        heartbeat_ms: int,
        close_timeout_ms: int,
        frames_per_round: int = 4,
        parsing: Callable[[Pieces], None] = lambda pieces: None,
    ) -> None:
        """first_bytes_max: the limit of messages until `raise_limit`, also while they are buffered.
        aiohttp's own reader knows only message_bytes_max.
        parsing: called with the Pieces that parse the messages, if parsing can be slowed down."""
        super().__init__(
            protocols=protocols,
            compress=False,
            # aiohttp already refuses a message with exactly its limit.
            max_msg_size=message_bytes_max + 1,
            heartbeat=None if fast else heartbeat_ms / 1000,
            timeout=close_timeout_ms / 1000,
            autoclose=False,
            autoping=False,
        )
        self._receiver = receiver
        self._fast = fast
        self._message_bytes_max = message_bytes_max
        self._heartbeat_s = heartbeat_ms / 1000
        self._own = Parser(receiver, first_bytes_max, frames_per_round)
        self._feed: FrameFeed | None = None
        self._parsing = parsing

    def raise_limit(self) -> None:
        """From the next frame on, messages can have up to message_bytes_max bytes."""
        self._own.message_bytes_max = self._message_bytes_max

    def _post_start(
        self, request: web.BaseRequest, protocol: str | None, writer: WebSocketWriter
    ) -> None:
        if not self._fast:
            super()._post_start(request, protocol, writer)
            return
        self._ws_protocol = protocol
        self._writer = writer
        loop = asyncio.get_running_loop()
        feed: Callable[[bytes], object] = self._own.feed
        if request.transport is not None:
            pieces = Pieces(self._own, request.transport, loop)
            self._parsing(pieces)
            feed = pieces.add
        self._feed = FrameFeed(self._own, feed, loop, self._heartbeat_s)
        if request.transport is not None:
            self._feed.watch(request.transport)
        # The type is that of aiohttp's own reader, but aiohttp calls only feed_data and feed_eof.
        request.protocol.set_parser(self._feed)  # type: ignore[arg-type]
        request.protocol.keep_alive(False)

    async def run(self) -> None:
        """Read messages until the connection is lost."""
        if self._feed is not None:
            await self._feed.lost
            return
        receiver = self._receiver
        async for message in self:
            if message.type in (WSMsgType.BINARY, WSMsgType.TEXT):
                receiver.received(message.data)
            elif message.type is WSMsgType.PING:
                receiver.pinged(bytes(message.data))
            elif message.type is WSMsgType.PONG:
                receiver.counted()
        receiver.peer_closed(self.close_code or NO_STATUS)

    async def write_eof(self, data: bytes = b"") -> None:
        """aiohttp sends its close frame here. On the fast path, ours was already sent."""
        if self._feed is None:
            await super().write_eof()


class _Probe:
    """A receiver that records the calls of its parser."""

    def __init__(self) -> None:
        self.said: list[object] = []

    def received(self, message: str | bytes) -> None:
        self.said.append(message)

    def pinged(self, payload: bytes) -> None:
        self.said.append(("ping", payload))

    def counted(self) -> None:
        self.said.append("counted")

    def peer_closed(self, code: int) -> None:
        self.said.append(code)

    def broken(self, code: int, reason: str) -> None:
        self.said.append((code, reason))


_HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: probe\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
_HI = b"\x81\x82\x01\x02\x03\x04" + bytes((0x68 ^ 1, 0x69 ^ 2))
_PING = b"\x89\x80\x00\x00\x00\x00"


def available() -> bool:
    """Whether this version of aiohttp allows messages to be dispatched while they are parsed.

    The test feeds a protocol without a transport: a handshake followed by a frame, then a ping,
    then the end of the connection. Call it inside a running event loop.
    """
    door = getattr(web.WebSocketResponse, "_post_start", None)
    if door is None or list(inspect.signature(door).parameters) != [
        "self",
        "request",
        "protocol",
        "writer",
    ]:
        return False
    try:
        loop = asyncio.get_running_loop()
        probe = _Probe()
        parser = Parser(probe, 1024)
        feed = FrameFeed(parser, parser.feed, loop, 1.0)
        protocol: Any = web.Server(_never)()
        protocol.data_received(_HANDSHAKE + _HI)
        quiet = not probe.said
        protocol.set_parser(feed)
        protocol.keep_alive(False)
        protocol.data_received(_PING)
        protocol.connection_lost(None)
        return quiet and probe.said == ["hi", ("ping", b"")] and feed.lost.done()
    except Exception:
        log.exception("aiohttp %s: no dispatch at parse time", aiohttp.__version__)
        return False


async def _never(request: web.BaseRequest) -> web.StreamResponse:
    raise web.HTTPNotFound
