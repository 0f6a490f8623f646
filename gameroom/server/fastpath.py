"""Dispatch of WebSocket messages at the moment they are parsed.

aiohttp hands parsed messages to a queue from which one coroutine per socket reads: a
future, a task switch and a loop turn for every packet. Here the queue itself calls the
receiver, so that everything from the parsed frame to the answer's bytes in the
transport is one synchronous call. Control frames and errors still take aiohttp's way.

aiohttp has no public door for this: `_post_start` is written anew with our queue in
place of its own. `available` says whether this aiohttp is shaped as expected, tried on a
real frame and not only by name; where it isn't, `async for` reads the messages and
everything else stays as it is.

Knows nothing of rooms. Rule: a receiver never raises (the compiled parser would swallow
it); it must catch what is its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Literal, cast

import aiohttp
from aiohttp import web
from aiohttp.http_websocket import WebSocketError, WebSocketReader, WebSocketWriter, WSMsgType

log = logging.getLogger(__name__)

Receiver = Callable[[str | bytes], None]
"""Takes a message: text or bytes."""

Broken = Callable[[int, str], None]
"""Takes the close code and the reason when a peer breaks the protocol. Only the fast path
calls it; on the other one aiohttp closes the socket itself."""

QUEUE_BYTES_MAX = 65_536
"""Control messages that may wait before the socket is read no further."""

CONTROL_BYTES_MAX = 125
"""The payload of a control frame (RFC 6455, 5.5)."""

try:
    from aiohttp._websocket.reader import WebSocketDataQueue
except ImportError:  # another aiohttp
    WebSocketDataQueue = object  # type: ignore[assignment,misc]  # `available` then says no


class _DispatchQueue(WebSocketDataQueue):
    """Gives text and binary messages to the receiver, keeps the rest for `receive()`."""

    receiver: Receiver
    broken: Broken

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """Errors of the peer go to the owner, who says goodbye in a way that the peer can
        read: aiohttp would close at once, and unread bytes turn that into a reset."""
        if isinstance(exc, WebSocketError):
            self.broken(int(exc.code), str(exc))
        else:
            super().set_exception(exc, *cause)

    def feed_data(self, data: Any, size: int) -> None:
        kind = data.type
        if kind is WSMsgType.BINARY or kind is WSMsgType.TEXT:
            self.receiver(data.data)
        else:
            super().feed_data(data, size)


class Socket(web.WebSocketResponse[Literal[True]]):
    """A WebSocket whose messages reach `receiver`.

    `run` must be awaited after `prepare`; it returns when the socket is closed.
    """

    def __init__(
        self,
        *,
        receiver: Receiver,
        broken: Broken,
        fast: bool,
        protocols: tuple[str, ...],
        message_bytes_max: int,
        heartbeat_ms: int,
    ) -> None:
        super().__init__(
            protocols=protocols,
            compress=False,
            # aiohttp refuses a message of exactly its limit.
            max_msg_size=message_bytes_max + 1,
            heartbeat=heartbeat_ms / 1000,
            # Whoever owns the socket says goodbye with `close_frame`, in its own time.
            autoclose=False,
        )
        self._receiver = receiver
        self._broken = broken
        self._fast = fast

    def _post_start(
        self, request: web.BaseRequest, protocol: str | None, writer: WebSocketWriter
    ) -> None:
        if not self._fast:
            super()._post_start(request, protocol, writer)
            return
        self._ws_protocol = protocol
        self._writer = writer
        self._reset_heartbeat()
        loop = asyncio.get_running_loop()
        queue = _DispatchQueue(request.protocol, QUEUE_BYTES_MAX, loop=loop)
        queue.receiver = self._receiver
        queue.broken = self._broken
        self._reader = queue
        self._parser = WebSocketReader(queue, self._max_msg_size, compress=False, decode_text=True)
        request.protocol.set_parser(self._parser, data_received_cb=self._on_data_received)
        request.protocol.keep_alive(False)

    async def run(self) -> None:
        """Read until the socket is closed; on the fast path only control frames come here."""
        async for message in self:
            if message.type in (WSMsgType.BINARY, WSMsgType.TEXT):
                self._receiver(message.data)


def frame(message: str | bytes) -> bytes:
    """A server's unfragmented, unmasked data frame (RFC 6455, 5.2), ready for transports."""
    first, payload = (b"\x81", message.encode()) if isinstance(message, str) else (b"\x82", message)
    size = len(payload)
    if size < 126:
        return first + size.to_bytes(1, "big") + payload
    if size < 65_536:
        return first + b"\x7e" + size.to_bytes(2, "big") + payload
    return first + b"\x7f" + size.to_bytes(8, "big") + payload


def payload(data: bytes) -> bytes:
    """The message of a frame that `frame` made."""
    return data[{126: 4, 127: 10}.get(data[1], 2) :]


def close_frame(code: int, reason: str) -> bytes:
    """A server's close frame; the reason is cut to what a control frame holds."""
    said = reason.encode()[: CONTROL_BYTES_MAX - 2].decode(errors="ignore").encode()
    payload = code.to_bytes(2, "big") + said
    return b"\x88" + len(payload).to_bytes(1, "big") + payload


class _Probe:
    """The two doors of aiohttp's protocol that its queue touches."""

    _reading_paused = False

    def pause_reading(self) -> None:
        self._reading_paused = True

    def resume_reading(self) -> None:
        self._reading_paused = False


def available() -> bool:
    """Whether this aiohttp lets messages be dispatched when they are parsed.

    Tried with a masked text frame, a ping and a broken frame. Needs a running loop.
    """
    needs = ("_post_start", "_reset_heartbeat", "_on_data_received")
    if not all(hasattr(web.WebSocketResponse, name) for name in needs):
        return False
    got: list[str | bytes] = []
    errors: list[int] = []
    try:
        loop = asyncio.get_running_loop()
        queue = _DispatchQueue(cast(Any, _Probe()), QUEUE_BYTES_MAX, loop=loop)
        queue.receiver = got.append
        queue.broken = lambda code, reason: errors.append(code)
        reader = WebSocketReader(queue, 1024, compress=False, decode_text=True)
        reader.feed_data(b"\x81\x82\x01\x02\x03\x04" + bytes((0x68 ^ 1, 0x69 ^ 2)))
        heard = got == ["hi"]
        reader.feed_data(b"\x89\x80\x00\x00\x00\x00")
        quiet = len(got) == 1 and not errors
        reader.feed_data(b"\x83\x80\x00\x00\x00\x00")
        return heard and quiet and errors == [1002] and not queue.is_eof()
    except Exception:
        log.exception("aiohttp %s: no dispatch at parse time", aiohttp.__version__)
        return False
